%% SPDX-License-Identifier: Apache-2.0
%%
%% A server whose table outlives it: it does not make the table, but is handed it, and so is its replacement.
-module(session_server).
-behaviour(gen_server).

-export([table_id/0, table_options/0, find_me_function/0, gift_data/0]).
-export([start_link/0, login/1, sessions/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

table_id() -> sessions.                                  % define the table's properties
table_options() -> [set, protected, {keypos, 1}].        % see ets:new/2
find_me_function() -> whereis(?MODULE).                  % whom the manager hands the table to, if there is anybody
gift_data() -> ok.

start_link() -> gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

-spec login(atom()) -> ok | no_table_yet.
login(User) -> gen_server:call(?MODULE, {login, User}).

%% Reads ask nobody: they happen in the process that calls.
-spec sessions() -> [{atom(), string()}].
sessions() -> lists:sort(heirloom_ets:tab2list(table_id())).

init([]) -> {ok, no_table_yet}.

handle_info({'ETS-TRANSFER', Table, _Manager, ok}, no_table_yet) ->    % now it may write
    io:format("~w has the table, with ~w sessions~n", [self(), heirloom_ets:info(Table, size)]),
    {noreply, Table}.

handle_call(_Request, _From, no_table_yet) ->
    {reply, no_table_yet, no_table_yet};
handle_call({login, User}, _From, Table) ->
    true = heirloom_ets:insert(Table, {User, "logged in"}),
    User =/= mallory orelse error(mallory_found_a_bug),
    {reply, ok, Table}.

handle_cast(_Message, State) -> {noreply, State}.
