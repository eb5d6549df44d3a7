%% SPDX-License-Identifier: Apache-2.0
%%
%% kazoo_etsmgr_srv: heirloom_etsmgr_srv under the name that Kazoo's applications know, so that their supervisors' child
%% specifications work unchanged.
-module(kazoo_etsmgr_srv).

-export([start_link/1, start_link/2, default_table_options/0]).
-export_type([start_arg/0, start_args/0, find_me_fun/0]).

-type start_arg() :: heirloom_etsmgr_srv:option().
-type start_args() :: heirloom_etsmgr_srv:options().
-type find_me_fun() :: heirloom_etsmgr_srv:find_me_fun().

-spec start_link(start_args()) -> {ok, pid()} | {error, term()}.
start_link(Options) -> heirloom_etsmgr_srv:start_link(Options).

-spec start_link(atom(), start_args()) -> {ok, pid()} | {error, term()}.
start_link(Name, Options) -> heirloom_etsmgr_srv:start_link(Name, Options).

-spec default_table_options() -> [term()].
default_table_options() -> heirloom_etsmgr_srv:default_table_options().
