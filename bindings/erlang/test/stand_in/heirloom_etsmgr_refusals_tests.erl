%% SPDX-License-Identifier: Apache-2.0
%%
%% What an ETS manager server does when Heirloom refuses a call, or when something happens at the worst moment: between
%% its look at a table and what it does then. Only the stand-in can make that happen.
-module(heirloom_etsmgr_refusals_tests).

-include_lib("eunit/include/eunit.hrl").
-include("heirloom_etsmgr_fixture.hrl").

-import(heirloom_etsmgr_fixture, [options/1, start_manager/1, start_user/1, find/1, wait_for_user/0,
                                  expect_a_new_user_to_get/1, tell/2, kill/1, counter/0, listen_to_the_log/1,
                                  logged/0]).

waits_for_a_table_that_cannot_be_had_just_now_test_() ->
    [?scenario(fun(Table) ->
        listen_to_the_log(Table),
        refuse(open_or_create, Table, Cause, 3),
        Manager = start_manager(Table),
        User = start_user(Table),
        ?assertMatch({User, Manager, _}, wait_for_user()),
        [{warning, Line}] = logged(),
        ?assertMatch({match, _}, re:run(Line, "cannot be had: " ++ atom_to_list(Cause)))
     end) || Cause <- [already_owned, quarantined, no_manager, timed_out, full, system_limit, id]].

ends_when_the_table_cannot_be_had_at_all_test_() ->
    ?scenario(fun(Table) ->
        refuse(open_or_create, Table, layout, 1),
        ?assertEqual({error, {table_not_opened, Table, layout}}, heirloom_etsmgr_srv:start_link(options(Table))),
        Manager = start_manager(Table),
        User = start_user(Table),
        wait_for_user(),
        tell(User, fun() -> heirloom_ets:delete(Table) end),
        refuse(open_or_create, Table, corrupt, 1),
        kill(User),
        ?await({'EXIT', Manager, {table_not_opened, Table, corrupt}}),
        start_manager(Table)
    end).

keeps_the_table_when_it_cannot_be_given_just_now_test_() ->
    [?scenario(fun(Table) ->
        listen_to_the_log(Table),
        refuse(give_away, Table, Cause, 3),
        Manager = start_manager(Table),
        User = start_user(Table),
        ?assertMatch({User, Manager, _}, wait_for_user()),
        [{warning, Line}] = logged(),
        ?assertMatch({match, _}, re:run(Line, "cannot be given it: " ++ atom_to_list(Cause)))
     end) || Cause <- [no_manager, timed_out, badarg]].

keeps_the_table_when_its_successor_dies_at_the_last_moment_test_() ->
    ?scenario(fun(Table) ->
        listen_to_the_log(Table),
        Manager = start_manager(Table),
        once(give_away, Table, fun() -> kill(find(Table)) end),
        start_user(Table),
        wait_until_done(),
        User = start_user(Table),
        ?assertMatch({User, Manager, _}, wait_for_user()),
        ?assertEqual([], logged())
    end).

follows_whoever_was_quicker_to_claim_the_table_test_() ->
    ?scenario(fun(Table) ->
        Rival = start_user(nobody),
        once(open_or_create, Table, fun() -> tell(Rival, fun() -> heirloom:open_or_create(Table, []) end) end),
        Manager = start_manager(Table),
        ?assertEqual(Rival, heirloom_ets:info(Table, owner)),
        kill(Rival),
        User = start_user(Table),
        ?assertMatch({User, Manager, _}, wait_for_user())
    end).

follows_whoever_took_the_table_from_it_test_() ->
    ?scenario(fun(Table) ->
        Rival = start_user(nobody),
        once(give_away, Table, fun() ->
            heirloom_ets:delete(Table),
            tell(Rival, fun() -> heirloom:open_or_create(Table, []) end)
        end),
        Manager = start_manager(Table),
        start_user(Table),
        wait_until_done(),
        ?assertEqual(Rival, heirloom_ets:info(Table, owner)),
        kill(Rival),
        ?assertMatch({_, Manager, _}, wait_for_user())
    end).

%% A user that deleted the table may make it again. Only a manager that is not the heir looks while the user lives.
leaves_the_name_to_a_user_that_deleted_the_table_test_() ->
    ?scenario(fun(Table) ->
        kill(start_manager(Table)),
        User = start_user(Table),
        tell(User, fun() -> heirloom:open_or_create(Table, []) end),
        start_manager(Table),
        Test = self(),
        tell(User, fun() -> heirloom_ets:delete(Table) end),
        {Count, _} = counter(),
        hook(info, Table, fun() -> self() =/= Test andalso Count() =:= 2 andalso (Test ! looked) end),
        ?await(looked),
        ?assertEqual(undefined, heirloom_ets:info(Table, owner)),
        kill(User),
        expect_a_new_user_to_get(Table)
    end).

%% --------------------------------------------------------------------------------------------------------- the helpers

hook(Call, Table, Function) -> persistent_term:put({heirloom, Call, Table}, Function).

refuse(Call, Table, Cause, Times) ->
    {Count, _} = counter(),
    hook(Call, Table, fun() ->
        Count() >= Times orelse erlang:error(badarg, [], [{error_info, #{cause => Cause}}])
    end).

%% At the next such call of a manager.
once(Call, Table, Function) ->
    Test = self(),
    {Count, _} = counter(),
    hook(Call, Table, fun() -> Count() =:= 0 andalso begin Function(), Test ! done end end).

wait_until_done() -> ?await(done).
