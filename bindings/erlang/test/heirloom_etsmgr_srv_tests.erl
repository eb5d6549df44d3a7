%% SPDX-License-Identifier: Apache-2.0
%%
%% The ETS manager server: every way in which a user, its table or the manager itself can end, and every way in which
%% find_me_function can fail. The tests know Heirloom only as `heirloom` and `heirloom_ets`: they run over the real
%% ones, and over those of test/stand_in (test/stand_in/run). heirloom_etsmgr_start_tests.erl has options and
%% supervisors.
-module(heirloom_etsmgr_srv_tests).

-include_lib("eunit/include/eunit.hrl").
-include("heirloom_etsmgr_fixture.hrl").

-import(heirloom_etsmgr_fixture, [start_manager/1, start_manager/2, start_user/1, user_name/1, find/1, wait_for_user/0,
                                  expect_a_new_user_to_get/1, tell/2, insert/2, give/2, pass_on/2, kill/1,
                                  wait_until_ended/1, a_dead_process/0, a_remote_pid/0, counter/0,
                                  listen_to_the_log/1, logged/0]).

%% ---------------------------------------------------------------------------------------------------- the usual course

makes_the_table_with_the_default_options_test_() ->
    ?scenario(fun(Table) ->
        Manager = start_manager(Table),
        ?assertEqual([set, protected, {keypos, 2}], heirloom_etsmgr_srv:default_table_options()),
        ?assertEqual([set, protected, 2, Manager],
                     [heirloom_ets:info(Table, Item) || Item <- [type, protection, keypos, owner]])
    end).

makes_the_table_with_the_options_given_test_() ->
    ?scenario(fun(Table) ->
        Somebody = start_user(nobody),
        start_manager(Table, [{table_options, [bag, public, named_table, {heir, Somebody, x}, {keypos, 1}]}]),
        ?assertEqual([bag, public, 1], [heirloom_ets:info(Table, Item) || Item <- [type, protection, keypos]]),
        ?assertNotEqual(Somebody, heirloom_ets:info(Table, heir))
    end).

hands_the_table_to_a_user_that_comes_later_test_() ->
    ?scenario(fun(Table) ->
        Manager = start_manager(Table, [{gift_data, {a, gift}}]),
        User = start_user(Table),
        ?assertEqual({User, Manager, {a, gift}}, wait_for_user()),
        ?assertEqual([User, Manager], [heirloom_ets:info(Table, Item) || Item <- [owner, heir]]),
        insert(User, {job, 1})
    end).

hands_the_table_to_a_user_that_was_there_before_test_() ->
    ?scenario(fun(Table) ->
        User = start_user(Table),
        Manager = start_manager(Table),
        ?assertEqual({User, Manager, ok}, wait_for_user())
    end).

passes_the_table_on_after_every_kind_of_end_test_() ->
    ?scenario(fun(Table) ->
        Manager = start_manager(Table),
        Ends = [fun(User) -> exit(User, Reason) end || Reason <- [kill, shutdown, {shutdown, x}, crash]]
            ++ [fun(User) -> tell(User, fun() -> exit(Reason) end) end || Reason <- [normal, shutdown, crash]]
            ++ [fun(User) -> tell(User, fun() -> error(crash) end) end],
        lists:foldl(fun(End, Life) ->
            User = start_user(Table),
            ?assertMatch({User, Manager, ok}, wait_for_user()),
            ?assertEqual(Life, heirloom_ets:info(Table, size)),
            insert(User, {job, Life}),
            End(User),
            wait_until_ended(User),
            Life + 1
        end, 0, Ends),
        expect_a_new_user_to_get(Table),
        ?assertEqual(length(Ends), heirloom_ets:info(Table, size)),
        ?assert(is_process_alive(Manager))
    end).

has_the_table_again_when_a_death_is_told_test_() ->
    ?scenario(fun(Table) ->
        Manager = start_manager(Table),
        [begin
            User = start_user(Table),
            wait_for_user(),
            exit(User, kill),
            wait_until_ended(User),
            ?assertEqual(Manager, heirloom_ets:info(Table, owner))
         end || _ <- lists:seq(1, 100)]
    end, [{crashes, #{deaths => 0}}]).

is_not_linked_to_the_user_test_() ->
    ?scenario(fun(Table) ->
        Manager = start_manager(Table),
        User = start_user(Table),
        wait_for_user(),
        Test = self(),
        ?assertEqual({links, [Test]}, process_info(Manager, links)),
        exit(Manager, kill),
        wait_until_ended(Manager),
        insert(User, {job, 1})
    end).

%% ------------------------------------------------------------------------------------------------ successors that fail

goes_on_when_the_successor_dies_between_being_found_and_being_given_the_table_test_() ->
    ?scenario(fun(Table) ->
        {Count, Calls} = counter(),
        Manager = start_manager(Table, [{find_me_function, fun() ->
            case Count() < 5 of
                true -> a_dead_process();
                false -> find(Table)
            end
        end}]),
        User = start_user(Table),
        ?assertMatch({User, Manager, _}, wait_for_user()),
        ?assert(Calls() >= 5)
    end).

keeps_the_table_when_the_successor_cannot_have_it_test_() ->
    ?scenario(fun(Table) ->
        Answers = [undefined, garbage, 17, {ok, self()}, <<"pid">>, [], make_ref(), fun lists:seq/2, a_remote_pid()],
        {Count, _} = counter(),
        Manager = start_manager(Table, [{find_me_function, fun() ->
            case Count() of
                Call when Call < length(Answers) -> lists:nth(Call + 1, Answers);
                Call when Call =:= length(Answers) -> heirloom_ets:info(Table, owner);    % the manager itself
                _ -> find(Table)
            end
        end}]),
        User = start_user(Table),
        ?assertMatch({User, Manager, _}, wait_for_user())
    end).

goes_on_when_find_me_fails_test_() ->
    ?scenario(fun(Table) ->
        Failures = [fun() -> error(crash) end, fun() -> throw(crash) end, fun() -> exit(crash) end,
                    fun() -> exit(normal) end, fun() -> exit(self(), kill), receive never -> ok end end,
                    fun() -> spawn_link(fun() -> exit(crash) end), receive never -> ok end end],
        {Count, _} = counter(),
        Manager = start_manager(Table, [{find_me_function, fun() ->
            case Count() of
                Call when Call < length(Failures) -> (lists:nth(Call + 1, Failures))();
                _ -> find(Table)
            end
        end}]),
        User = start_user(Table),
        ?assertMatch({User, Manager, _}, wait_for_user())
    end).

says_once_what_fails_again_and_again_test_() ->
    ?scenario(fun(Table) ->
        listen_to_the_log(Table),
        Test = self(),
        {Count, _} = counter(),
        start_manager(Table, [{find_me_function, fun() ->
            Count() =:= 7 andalso begin Test ! seven, ?await(go_on) end,
            error({not_in_the_mood, make_ref()})
        end}]),
        ?await(seven),
        Lines = logged(),
        ?assertMatch([{warning, _}], Lines),
        ?assertMatch({match, _}, re:run(element(2, hd(Lines)), "not_in_the_mood"))
    end).

calls_find_me_once_while_it_hangs_and_answers_meanwhile_test_() ->
    ?scenario(fun(Table) ->
        Test = self(),
        Manager = start_manager(Table, [{find_me_function, fun() ->
            Test ! {asked, self()},
            ?await(go_on),
            find(Table)
        end}]),
        Finder = ?await({asked, Pid}, Pid),
        User = start_user(Table),
        ?assertEqual({error, not_implemented}, gen_server:call(Manager, anything)),
        ok = sys:suspend(Manager),
        ok = sys:resume(Manager),
        {status, _, _, _} = sys:get_status(Manager),
        %% Whatever wakes it up is no reason to ask again.
        [Manager ! Stray || Stray <- [timeout, {found, self(), {ok, self()}}, {'EXIT', User, crash},
                                      {'DOWN', make_ref(), process, User, crash}, {timeout, make_ref(), again},
                                      {'ETS-TRANSFER', Table, User, ok}]],
        gen_server:cast(Manager, anything),
        ?assertEqual({error, not_implemented}, gen_server:call(Manager, anything)),
        ?assertEqual(Manager, heirloom_ets:info(Table, owner)),
        receive {asked, _} -> error(asked_again) after 0 -> ok end,
        Finder ! go_on,
        ?assertMatch({User, Manager, _}, wait_for_user())
    end).

says_so_when_find_me_hangs_long_and_does_not_ask_again_test_() ->
    ?scenario(fun(Table) ->
        listen_to_the_log(Table),
        Test = self(),
        Manager = start_manager(Table, [{find_me_function, fun() ->
            Test ! {asked, self()},
            ?await(go_on),
            find(Table)
        end}]),
        Finder = ?await({asked, Pid}, Pid),
        Line = ?await({log, warning, Text}, Text),
        ?assertMatch({match, _}, re:run(Line, "has not returned for 1[0-9]+ s")),
        User = start_user(Table),
        ?assertEqual({error, not_implemented}, gen_server:call(Manager, anything)),
        receive {asked, _} -> error(asked_again) after 0 -> ok end,
        Finder ! go_on,
        ?assertMatch({User, Manager, _}, wait_for_user())
    end).

asks_again_when_a_find_me_that_hangs_is_killed_test_() ->
    ?scenario(fun(Table) ->
        Test = self(),
        {Count, _} = counter(),
        Manager = start_manager(Table, [{find_me_function, fun() ->
            Count() =:= 0 andalso begin Test ! {asked, self()}, receive never -> ok end end,
            find(Table)
        end}]),
        exit(?await({asked, Finder}, Finder), kill),
        User = start_user(Table),
        ?assertMatch({User, Manager, _}, wait_for_user())
    end).

ends_a_find_me_that_hangs_with_itself_test_() ->
    ?scenario(fun(Table) ->
        Test = self(),
        Hang = {find_me_function, fun() -> Test ! {asked, self()}, receive never -> ok end end},
        [begin
            Manager = start_manager(Table, [Hang]),
            Finder = ?await({asked, Pid}, Pid),
            End(Manager),
            wait_until_ended(Manager),
            wait_until_ended(Finder)
         end || End <- [fun gen_server:stop/1, fun(Manager) -> exit(Manager, kill) end]]
    end).

%% ------------------------------------------------------------------------------------------ managers that are replaced

finds_the_table_when_the_one_before_died_holding_it_test_() ->
    ?scenario(fun(Table) ->
        First = start_manager(Table),
        User = start_user(Table),
        wait_for_user(),
        insert(User, {job, 1}),
        kill(User),
        kill(First),
        Second = start_manager(Table),
        ?assertEqual(Second, heirloom_ets:info(Table, owner)),
        ?assertEqual([{job, 1}], heirloom_ets:tab2list(Table)),
        expect_a_new_user_to_get(Table)
    end).

inherits_from_a_user_that_got_the_table_from_the_one_before_test_() ->
    ?scenario(fun(Table) ->
        First = start_manager(Table),
        User = start_user(Table),
        wait_for_user(),
        insert(User, {job, 1}),
        kill(First),
        Second = start_manager(Table),
        ?assertEqual(User, heirloom_ets:info(Table, owner)),
        insert(User, {job, 2}),
        kill(User),
        Next = start_user(Table),
        ?assertMatch({Next, Second, _}, wait_for_user()),
        ?assertEqual([{job, 1}, {job, 2}], lists:sort(heirloom_ets:tab2list(Table))),
        ?assertEqual(Second, heirloom_ets:info(Table, heir))
    end).

finds_the_table_when_its_user_died_while_there_was_no_manager_test_() ->
    ?scenario(fun(Table) ->
        First = start_manager(Table),
        User = start_user(Table),
        wait_for_user(),
        insert(User, {job, 1}),
        kill(First),
        kill(User),
        Second = start_manager(Table),
        Next = start_user(Table),
        ?assertMatch({Next, Second, _}, wait_for_user()),
        ?assertEqual([{job, 1}], heirloom_ets:tab2list(Table))
    end).

finds_the_table_that_a_third_process_got_behind_its_back_test_() ->
    ?scenario(fun(Table) ->
        First = start_manager(Table),
        User = start_user(Table),
        wait_for_user(),
        kill(First),
        Second = start_manager(Table),
        Third = start_user(nobody),
        pass_on(User, Third),
        kill(Third),
        %% The user lives, and is found.
        ?assertMatch({User, Second, _}, wait_for_user())
    end).

keeps_to_a_table_that_somebody_else_made_test_() ->
    ?scenario(fun(Table) ->
        Maker = start_user(nobody),
        tell(Maker, fun() -> heirloom:open_or_create(Table, [{keypos, 2}]) end),
        insert(Maker, {job, 1}),
        Manager = start_manager(Table),
        ?assertEqual(Maker, heirloom_ets:info(Table, owner)),
        kill(Maker),
        User = start_user(Table),
        ?assertMatch({User, Manager, _}, wait_for_user()),
        ?assertEqual([{job, 1}], heirloom_ets:tab2list(Table))
    end).

%% Strategy: the table of a user without an heir falls to its node, and the manager and a rival, who both hear of that
%% death, claim it. It would catch a manager that is not ready to come second.
comes_second_test_() ->
    ?scenario(fun(Table) ->
        Manager = start_manager(Table),
        [begin
            User = start_user(Table),
            ?assertMatch({User, Manager, _}, wait_for_user()),
            tell(User, fun() -> heirloom_ets:setopts(Table, {heir, none}) end),
            Rival = start_user(nobody),
            Rival ! {do, self(), fun() -> wait_until_ended(User), catch heirloom:open_or_create(Table, []) end},
            kill(User),
            ?await({done, Rival, _}),
            kill(Rival)
         end || _ <- lists:seq(1, 200)],
        ?assert(is_process_alive(Manager)),
        expect_a_new_user_to_get(Table)
    end, [{crashes, #{deaths => 0}}, {table_options, [{keypos, 1}]}]).

%% -------------------------------------------------------------------------------------- messages that are out of order

%% The node of a table and the VM tell of the same death, each in its time. The second notice is VM's own.
does_not_mind_a_transfer_that_comes_after_the_exit_notice_test_() ->
    ?scenario(fun(Table) ->
        Manager = start_manager(Table),
        User = start_user(Table),
        wait_for_user(),
        [Monitor] = [Reference || {followed, _, Reference} <- tuple_to_list(sys:get_state(Manager))],
        sys:suspend(Manager),
        Manager ! {'DOWN', Monitor, process, User, crash},
        kill(User),
        sys:resume(Manager),
        expect_a_new_user_to_get(Table)
    end).

does_not_believe_a_transfer_that_is_none_test_() ->
    ?scenario(fun(Table) ->
        listen_to_the_log(Table),
        Manager = start_manager(Table),
        User = start_user(Table),
        wait_for_user(),
        [Manager ! {'ETS-TRANSFER', Table, From, ok} || From <- [User, self(), a_dead_process()]],
        ?assertEqual({error, not_implemented}, gen_server:call(Manager, anything)),
        ?assertEqual({links, [self()]}, process_info(Manager, links)),    % it does not look for another
        kill(User),
        expect_a_new_user_to_get(Table),
        ?assertEqual([], logged())
    end).

says_that_it_got_a_table_which_it_does_not_manage_test_() ->
    ?scenario(fun(Table) ->
        listen_to_the_log(Table),
        Manager = start_manager(Table),
        Manager ! {'ETS-TRANSFER', another, self(), ok},
        ?assertMatch({match, _}, re:run(?await({log, warning, Line}, Line), "got the table another")),
        expect_a_new_user_to_get(Table)
    end).

%% ---------------------------------------------------------------------------------- users that do as they like with it

gets_the_table_back_from_a_third_process_test_() ->
    ?scenario(fun(Table) ->
        Manager = start_manager(Table),
        User = start_user(Table),
        wait_for_user(),
        insert(User, {job, 1}),
        Third = start_user(nobody),
        pass_on(User, Third),
        kill(User),
        ?assertEqual(Third, heirloom_ets:info(Table, owner)),
        insert(Third, {job, 2}),
        kill(Third),
        Next = start_user(Table),
        ?assertMatch({Next, Manager, _}, wait_for_user()),
        ?assertEqual(2, heirloom_ets:info(Table, size))
    end).

gets_the_table_back_from_an_heir_that_the_user_chose_test_() ->
    ?scenario(fun(Table) ->
        Manager = start_manager(Table),
        User = start_user(Table),
        wait_for_user(),
        insert(User, {job, 1}),
        Third = start_user(nobody),
        tell(User, fun() -> heirloom_ets:setopts(Table, {heir, Third, chosen}) end),
        kill(User),
        ?assertMatch({Third, User, chosen}, wait_for_user()),
        kill(Third),
        Next = start_user(Table),
        ?assertMatch({Next, Manager, _}, wait_for_user()),
        ?assertEqual(1, heirloom_ets:info(Table, size))
    end).

makes_anew_a_table_that_its_user_deleted_test_() ->
    ?scenario(fun(Table) ->
        Manager = start_manager(Table),
        User = start_user(Table),
        wait_for_user(),
        insert(User, {job, 1}),
        tell(User, fun() -> heirloom_ets:delete(Table) end),
        kill(User),
        Next = start_user(Table),
        ?assertMatch({Next, Manager, _}, wait_for_user()),
        ?assertEqual(0, heirloom_ets:info(Table, size))
    end).

makes_anew_a_table_that_was_deleted_under_it_test_() ->
    ?scenario(fun(Table) ->
        Manager = start_manager(Table, [{table_options, [public, {keypos, 2}]}]),
        heirloom_ets:delete(Table),
        User = start_user(Table),
        ?assertMatch({User, Manager, _}, wait_for_user())
    end).

gives_a_table_that_was_given_back_to_another_test_() ->
    ?scenario(fun(Table) ->
        Manager = start_manager(Table),
        User = start_user(Table),
        wait_for_user(),
        listen_to_the_log(Table),
        give(User, Manager),
        %% It is found again, and does not get it: that is when the manager says so.
        ?await({log, warning, _}),
        ?assertEqual(Manager, heirloom_ets:info(Table, owner)),
        tell(User, fun() -> unregister(user_name(Table)) end),
        Next = start_user(Table),
        ?assertMatch({Next, Manager, _}, wait_for_user()),
        %% Then the first one is as good as any other.
        kill(Next),
        tell(User, fun() -> register(user_name(Table), self()) end),
        ?assertMatch({User, Manager, _}, wait_for_user())
    end).

%% --------------------------------------------------------------------------------------------------------- crash loops

pauses_ever_longer_while_users_crash_and_says_so_test_() ->
    ?scenario(fun(Table) ->
        listen_to_the_log(Table),
        start_manager(Table, [{crashes, #{deaths => 3, within => 3600000, pause_min => 40, pause_max => 100}}]),
        lists:foldl(fun(Pause, Crash) ->
            User = start_user(Table),
            wait_for_user(),
            Now = erlang:monotonic_time(millisecond),
            ?assert(Now - Crash >= Pause),
            exit(User, crash),
            wait_until_ended(User),
            Now
        end, erlang:monotonic_time(millisecond), [0, 0, 0, 40, 80, 100]),
        expect_a_new_user_to_get(Table),
        Lines = [Line || {error, Line} <- logged()],
        [?assertMatch({match, _}, re:run(Line, "a pause of " ++ Pause ++ " ms"))
         || {Line, Pause} <- lists:zip(Lines, ["40", "80", "100", "100"])]
    end).

does_not_count_ends_that_were_meant_test_() ->
    ?scenario(fun(Table) ->
        listen_to_the_log(Table),
        start_manager(Table, [{crashes, #{deaths => 1, pause_min => 3600000, pause_max => 3600000}}]),
        [begin
            User = start_user(Table),
            wait_for_user(),
            tell(User, fun() -> exit(Reason) end),
            wait_until_ended(User)
         end || Reason <- [normal, shutdown, {shutdown, x}]],
        expect_a_new_user_to_get(Table),
        ?assertEqual([], logged())
    end).
