%% SPDX-License-Identifier: Apache-2.0
%%
%% What the tests of the ETS manager server share: a table and a process for each test, users that do what they are told
%% and tell the test of each 'ETS-TRANSFER', and the lines that a manager logs.
-module(heirloom_etsmgr_fixture).

-include_lib("eunit/include/eunit.hrl").
-include("heirloom_etsmgr_fixture.hrl").

-export([scenario/3, options/1, options/2, start_manager/1, start_manager/2]).
-export([start_user/1, start_linked_user/1, user_name/1, user_name/2, find/1]).
-export([wait_for_user/0, expect_a_new_user_to_get/1]).
-export([tell/2, insert/2, give/2, pass_on/2, kill/1, wait_until_ended/1, a_dead_process/0, a_remote_pid/0, counter/0]).
-export([listen_to_the_log/1, logged/0]).
-export([log/2]).

%% A test: a table of its own, and a process of its own that traps exits, whose links end with it.
scenario(Title, Test, Options) ->
    {timeout, 10 * ?PATIENCE div 1000, {atom_to_list(Title), fun() ->
        {ok, _} = application:ensure_all_started(heirloom),
        Table = user_name(jobs, integer_to_list(erlang:unique_integer([positive])) ++ "_" ++ os:getpid()),
        {Pid, Monitor} = spawn_monitor(fun() ->
            process_flag(trap_exit, true),
            put(table, Table),
            put(options, Options),
            try Test(Table) after end_all_links() end
        end),
        Reason = receive {'DOWN', Monitor, process, Pid, How} -> How end,
        remove(Table),
        case Reason of
            normal -> ok;
            {Error, Stack} when is_list(Stack) -> erlang:raise(error, Error, Stack);
            _ -> error(Reason)
        end
    end}}.

end_all_links() ->
    logger:remove_handler(?MODULE),
    {links, Links} = process_info(self(), links),
    [kill(Pid) || Pid <- Links, is_pid(Pid)].

%% Until the table is gone: those who were killed may not have ended yet.
remove(Table) ->
    case heirloom_ets:info(Table, owner) of
        undefined -> ok;
        _ ->
            try
                Options = [heirloom_ets:info(Table, type), {keypos, heirloom_ets:info(Table, keypos)}],
                heirloom:open_or_create(Table, Options),
                heirloom_ets:delete(Table)
            catch
                error:badarg -> erlang:yield(), remove(Table)
            end
    end.

options(Table) -> options(Table, []).

options(Table, More) ->
    Given = More ++ case get(options) of undefined -> []; Options -> Options end,
    Given ++ [{table_id, Table}, {find_me_function, fun() -> find(Table) end}].

start_manager(Table) -> start_manager(Table, []).

start_manager(Table, More) ->
    {ok, Manager} = heirloom_etsmgr_srv:start_link(options(Table, More)),
    Manager.

%% A user of a table, which is found by its name, or a process that nobody finds; linked, and ended by the test.
start_user(nobody) -> spawn_user(self(), fun() -> ok end);
start_user(Table) -> spawn_user(self(), fun() -> register(user_name(Table), self()) end).

start_linked_user(Table) ->
    Test = self(),
    fun() -> {ok, spawn_user(Test, fun() -> register(user_name(Table), self()) end)} end.

spawn_user(Test, Begin) ->
    Parent = self(),
    User = spawn_link(fun() ->
        Begin(),
        Parent ! {begun, self()},
        use(Test)
    end),
    receive
        {begun, User} -> User;
        {'EXIT', User, Reason} -> error(Reason)
    end.

%% What it is told to do it does when its message comes; of transfers it tells the test.
use(Test) ->
    receive
        {'ETS-TRANSFER', _, From, Gift} -> Test ! {has_it, self(), From, Gift};
        {do, From, Function} -> From ! {done, self(), Function()}
    end,
    use(Test).

user_name(Table) -> user_name(Table, "user").

user_name(Table, What) -> list_to_atom(atom_to_list(Table) ++ "_" ++ What).

find(Table) -> whereis(user_name(Table)).

wait_for_user() -> ?await({has_it, User, From, Gift}, {User, From, Gift}).

expect_a_new_user_to_get(Table) ->
    User = start_user(Table),
    ?assertMatch({User, _, _}, wait_for_user()).

%% Tells a user to do something; it may end by that.
tell(User, Function) ->
    Monitor = monitor(process, User),
    User ! {do, self(), Function},
    receive
        {done, User, Result} -> demonitor(Monitor, [flush]), Result;
        {'DOWN', Monitor, process, User, _} -> ended
    after ?PATIENCE -> error(no_answer)
    end.

insert(User, Object) ->
    Table = get(table),
    ?assertEqual(true, tell(User, fun() -> heirloom_ets:insert(Table, Object) end)).

give(User, To) ->
    Table = get(table),
    ?assertEqual(true, tell(User, fun() -> heirloom_ets:give_away(Table, To, given) end)).

pass_on(User, Third) ->
    give(User, Third),
    ?await({has_it, Third, User, given}).

kill(Pid) ->
    exit(Pid, kill),
    wait_until_ended(Pid).

wait_until_ended(Pid) ->
    Monitor = monitor(process, Pid),
    ?await({'DOWN', Monitor, process, Pid, _}).

a_dead_process() ->
    {Pid, Monitor} = spawn_monitor(fun() -> ok end),
    ?await({'DOWN', Monitor, process, Pid, _}, Pid).

a_remote_pid() -> binary_to_term(<<131, 88, 119, 5, "x@abc", 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0, 1>>).

%% A function that tells how often it was called before, by anybody, and one that only looks.
counter() ->
    Counter = counters:new(1, []),
    {fun() ->
        Before = counters:get(Counter, 1),
        counters:add(Counter, 1, 1),
        Before
     end, fun() -> counters:get(Counter, 1) end}.

%% The lines of the table's manager come to this process.
listen_to_the_log(Table) ->
    ok = logger:add_handler(?MODULE, ?MODULE, #{config => #{to => self(), table => atom_to_list(Table)}}).

log(#{level := Level} = Event, #{config := #{to := Test, table := Table}}) ->
    Line = lists:flatten(logger_formatter:format(Event, #{template => [msg], single_line => true})),
    case re:run(Line, "manager of '?" ++ Table ++ "'?:") of
        nomatch -> ok;
        _ -> Test ! {log, Level, Line}
    end.

logged() ->
    receive
        {log, Level, Line} -> [{Level, Line} | logged()]
    after 0 -> []
    end.
