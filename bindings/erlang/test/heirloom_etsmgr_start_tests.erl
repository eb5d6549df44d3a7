%% SPDX-License-Identifier: Apache-2.0
%%
%% How ETS manager servers are started: one for each table, with which options, under which supervisors - those of Kazoo
%% as they are -, and a storm of kills under one.
-module(heirloom_etsmgr_start_tests).
-behaviour(supervisor).

-include_lib("eunit/include/eunit.hrl").
-include("heirloom_etsmgr_fixture.hrl").

-import(heirloom_etsmgr_fixture, [options/1, options/2, start_manager/1, start_manager/2, start_user/1,
                                  start_linked_user/1, user_name/2, find/1, wait_for_user/0,
                                  expect_a_new_user_to_get/1, tell/2, insert/2, kill/1, wait_until_ended/1]).

-export([init/1]).

%% ------------------------------------------------------------------------------------------------- one manager a table

refuses_a_second_manager_test_() ->
    ?scenario(fun(Table) ->
        First = start_manager(Table),
        Taken = {error, {table_id_taken, Table, First}},
        ?assertEqual(Taken, heirloom_etsmgr_srv:start_link(options(Table))),
        User = start_user(Table),
        wait_for_user(),
        ?assertEqual(Taken, heirloom_etsmgr_srv:start_link(options(Table))),
        ?assertEqual(Taken, heirloom_etsmgr_srv:start_link(user_name(Table, "manager"), options(Table))),
        ?assertEqual(User, heirloom_ets:info(Table, owner)),
        kill(First),
        start_manager(Table)
    end).

lets_one_of_several_managers_at_once_start_test_() ->
    ?scenario(fun(Table) ->
        Test = self(),
        Parents = [spawn_link(fun() ->
            process_flag(trap_exit, true),
            ?await(go),
            Test ! {started, heirloom_etsmgr_srv:start_link(options(Table))},
            ?await(stop)
        end) || _ <- lists:seq(1, 8)],
        [Parent ! go || Parent <- Parents],
        Results = [?await({started, Result}, Result) || _ <- Parents],
        [Manager] = [Pid || {ok, Pid} <- Results],
        ?assertEqual(7, length([Pid || {error, {table_id_taken, T, Pid}} <- Results, T =:= Table, Pid =:= Manager])),
        ?assertEqual(Manager, heirloom_ets:info(Table, owner)),
        exit(Manager, kill)
    end).

%% ------------------------------------------------------------------------------------------------------------- options

names_the_option_that_is_wrong_test_() ->
    FindMe = {find_me_function, fun() -> undefined end},
    Id = {table_id, jobs},
    [?_assertEqual({error, Reason}, heirloom_etsmgr_srv:start_link(Options)) || {Reason, Options} <- [
        {{missing_option, table_id}, [FindMe]},
        {{missing_option, table_id}, [{table_id, undefined}, FindMe]},
        {{missing_option, find_me_function}, [Id]},
        {{missing_option, find_me_function}, [Id, {local, false}]},
        {{unknown_option, tabel_options}, [Id, FindMe, {tabel_options, [set]}]},
        {{unknown_option, verbose}, [Id, FindMe, verbose]},
        {{bad_option, {table_id, "jobs"}}, [{table_id, "jobs"}, FindMe]},
        {{bad_option, {table_options, set}}, [Id, FindMe, {table_options, set}]},
        {{bad_option, {table_options, [set | bag]}}, [Id, FindMe, {table_options, [set | bag]}]},
        {{bad_option, {find_me_function, me}}, [Id, {find_me_function, me}]},
        {{bad_option, {find_me, self()}}, [Id, {find_me, self()}]},
        {{bad_option, {local, jobs}}, [Id, {local, jobs}]},
        {{bad_option, {crashes, #{deaths => -1}}}, [Id, FindMe, {crashes, #{deaths => -1}}]},
        {{bad_option, {crashes, #{death => 1}}}, [Id, FindMe, {crashes, #{death => 1}}]},
        {{bad_option, {crashes, #{within => 0}}}, [Id, FindMe, {crashes, #{within => 0}}]},
        {{bad_option, jobs}, jobs},
        {{bad_option, [Id | FindMe]}, [Id | FindMe]}
    ]].

says_which_table_cannot_be_made_test_() ->
    ?scenario(fun(Table) ->
        Wrong = options(Table, [{table_options, [{keypos, zero}]}]),
        [?assertMatch({error, {table_not_opened, Table, _}}, heirloom_etsmgr_srv:start_link(Wrong))
         || _ <- lists:seq(1, 200)],
        start_manager(Table)
    end).

takes_find_me_by_its_short_name_test_() ->
    ?scenario(fun(Table) ->
        {ok, _} = heirloom_etsmgr_srv:start_link([{table_id, Table}, {find_me, fun() -> find(Table) end}]),
        expect_a_new_user_to_get(Table)
    end).

keeps_a_local_table_test_() ->
    ?scenario(fun(Table) ->
        {ok, Manager} = heirloom_etsmgr_srv:start_link([{table_id, Table}, {table_options, [public]}, local]),
        heirloom_ets:insert(Table, {1, job}),
        ?assertEqual({error, not_implemented}, gen_server:call(Manager, anything)),
        ?assertEqual(Manager, heirloom_ets:info(Table, owner)),
        kill(Manager),
        {ok, _} = heirloom_etsmgr_srv:start_link([{table_id, Table}, {table_options, [public]}, {local, true}]),
        ?assertEqual([{1, job}], heirloom_ets:tab2list(Table))
    end).

gives_a_local_table_to_whom_it_finds_test_() ->
    ?scenario(fun(Table) ->
        start_manager(Table, [local]),
        expect_a_new_user_to_get(Table)
    end).

registers_a_name_test_() ->
    ?scenario(fun(Table) ->
        Name = user_name(Table, "manager"),
        {ok, Manager} = heirloom_etsmgr_srv:start_link(Name, options(Table)),
        ?assertEqual(Manager, whereis(Name)),
        kill(Manager),
        {ok, Second} = heirloom_etsmgr_srv:start_link({local, Name}, options(Table)),
        ?assertEqual({error, {already_started, Second}}, heirloom_etsmgr_srv:start_link(Name, options(Table))),
        ?assertEqual({error, {unknown_option, x}}, heirloom_etsmgr_srv:start_link(Name, [x]))
    end).

%% --------------------------------------------------------------------------------------------------------- supervisors

%% Child specifications as supervisors of Kazoo have them: the old form, and the new one, with or without a name.
works_with_the_child_specifications_of_kazoo_test_() ->
    [?scenario(fun(Table) ->
        {ok, Supervisor} = start_supervisor([Specification(Table)]),
        [{_, First, worker, [kazoo_etsmgr_srv]}] = supervisor:which_children(Supervisor),
        User = start_user(Table),
        ?assertMatch({User, First, ok}, wait_for_user()),
        insert(User, {job, 1}),
        kill(First),
        kill(User),
        Next = start_user(Table),
        {Next, Second, ok} = wait_for_user(),
        ?assertNotEqual(First, Second),
        ?assertEqual([{job, 1}], heirloom_ets:tab2list(Table)),
        stop_supervisor(Supervisor)
     end) || Specification <- [
        fun(Table) ->
            {kazoo_etsmgr_srv, {kazoo_etsmgr_srv, start_link, [kazoo_options(Table)]}, permanent, 5000, worker,
             [kazoo_etsmgr_srv]}
        end,
        fun(Table) ->
            #{id => sessions_tbl, start => {kazoo_etsmgr_srv, start_link, [kazoo_options(Table)]}}
        end,
        fun(Table) ->
            #{id => sessions_tbl,
              start => {kazoo_etsmgr_srv, start_link, [user_name(Table, "manager"), kazoo_options(Table)]}}
        end]].

kazoo_options(Table) ->
    [{table_id, Table},
     {table_options, [named_table | kazoo_etsmgr_srv:default_table_options()]},
     {find_me_function, fun() -> find(Table) end},
     {gift_data, ok}].

%% Strategy: a supervisor with a manager and a user that counts in the table; one or both are killed, in any order. It
%% would catch a count that is lost, a table that nobody gets any more, and a manager that is taken for alive.
loses_nothing_whoever_is_killed_test_() ->
    ?scenario(fun(Table) ->
        Seed = list_to_integer(os:getenv("HEIRLOOM_SEED", integer_to_list(erlang:system_time()))),
        io:format(user, "loses_nothing_whoever_is_killed: seed ~w~n", [Seed]),
        rand:seed(exsss, Seed),
        {ok, Supervisor} = start_supervisor([
            #{id => manager, start => {heirloom_etsmgr_srv, start_link, [options(Table, [{crashes, #{deaths => 0}}])]}},
            #{id => user, start => {erlang, apply, [start_linked_user(Table), []]}}]),
        {User, _, _} = wait_for_user(),
        lists:foldl(fun(Round, Owner) ->
            ?assertEqual(Round, tell(Owner, fun() ->
                heirloom_ets:update_counter(Table, count, {1, 1}, {0, count})
            end)),
            Children = [{Id, Pid} || {Id, Pid, _, _} <- supervisor:which_children(Supervisor), is_pid(Pid)],
            Victims = lists:nth(rand:uniform(4), [[user], [manager], [user, manager], [manager, user]]),
            [exit(proplists:get_value(Victim, Children), kill) || Victim <- Victims],
            case lists:member(user, Victims) of
                true -> element(1, wait_for_user());
                false -> Owner
            end
        end, User, lists:seq(1, 300)),
        stop_supervisor(Supervisor)
    end).

start_supervisor(Specifications) -> supervisor:start_link(?MODULE, Specifications).

init(Specifications) -> {ok, {#{intensity => 1000, period => 1}, Specifications}}.

stop_supervisor(Supervisor) ->
    exit(Supervisor, shutdown),
    wait_until_ended(Supervisor).
