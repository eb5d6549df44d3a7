%% SPDX-License-Identifier: Apache-2.0
-module(heirloom_app).
-behaviour(application).

-export([start/2, stop/1]).

start(_Type, _Arguments) -> heirloom_sup:start_link().
stop(_State) -> ok.
