%% SPDX-License-Identifier: Apache-2.0
-module(heirloom_sup).
-behaviour(supervisor).

-export([start_link/0, init/1]).

start_link() -> supervisor:start_link({local, ?MODULE}, ?MODULE, []).

init([]) ->
    {ok, {#{intensity => 10, period => 10},
          [#{id => heirloom_keeper, start => {heirloom_keeper, start_link, []}, shutdown => 60000}]}}.
