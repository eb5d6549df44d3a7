%% SPDX-License-Identifier: Apache-2.0
%%
%% Starts the manager of the table, then the server that writes to it. They live and die apart.
-module(sessions_sup).
-behaviour(application).
-behaviour(supervisor).

-export([start/2, stop/1, init/1]).

start(_Type, _Arguments) -> supervisor:start_link({local, ?MODULE}, ?MODULE, []).

stop(_State) -> ok.

init([]) ->
    Manager = #{id => sessions_table,
                start => {heirloom_etsmgr_srv, start_link,
                          [[{table_id, session_server:table_id()},
                            {table_options, session_server:table_options()},
                            {find_me_function, fun session_server:find_me_function/0},
                            {gift_data, session_server:gift_data()}]]}},
    Server = #{id => session_server, start => {session_server, start_link, []}},
    {ok, {#{strategy => one_for_one, intensity => 3, period => 5}, [Manager, Server]}}.
