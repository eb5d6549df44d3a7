%% SPDX-License-Identifier: Apache-2.0
%%
%% What no table of ets can do: several VMs and programs with one table, and the deaths of VMs, writers, makers and keepers.
-module(heirloom_vms_tests).

-include_lib("eunit/include/eunit.hrl").
-import(heirloom_ets_tests, [in_a_process/1]).

%% What a program writes in a VM of its own, with the same node.
another_vm(Program) -> os:cmd(vm(Program)).
vm(Program) ->
    Paths = lists:append([" -pa " ++ Path || Path <- code:get_path(), filelib:is_dir(Path), filename:basename(Path) =:= "ebin"]),
    "env HEIRLOOM_NODE=" ++ heirloom:directory() ++ " erl -noshell" ++ Paths ++ " -eval '" ++ Program ++ "'".

another_vm_reads_what_this_one_writes_test_() ->
    {timeout, 60, in_a_process(fun() ->
        shared = heirloom_ets:new(shared, [named_table, protected]),
        true = heirloom_ets:insert(shared, {1, {two, <<"three">>}}),
        ?assertEqual("{[{1,{two,<<\"three\">>}}],refused}",
                     another_vm("{ok,_} = application:ensure_all_started(heirloom), "
                         "Written = try heirloom_ets:insert(shared, {2, 3}) catch error:badarg -> refused end, "
                         "io:format(\"~0p\", [{heirloom_ets:lookup(shared, 1), Written}]), halt()."))
    end)}.

setopts_protects_from_another_vm_test_() ->
    {timeout, 60, in_a_process(fun() ->
        guarded = heirloom_ets:new(guarded, [named_table, protected]),
        true = heirloom_ets:insert(guarded, {1, 2}),
        Tried = fun() ->
            another_vm("{ok,_} = application:ensure_all_started(heirloom), "
                "Try = fun(Call) -> try Call() catch error:badarg -> refused end end, "
                "io:format(\"~0p\", [[Try(fun() -> heirloom_ets:lookup(guarded, 1) end), "
                "Try(fun() -> heirloom_ets:insert(guarded, {3, 4}) end)]]), halt().")
        end,
        Told = [{Protection, heirloom_ets:setopts(guarded, {protection, Protection}), Tried()} || Protection <- [private, public, protected]],
        ?assertEqual([{private, true, "[refused,refused]"}, {public, true, "[[{1,2}],true]"}, {protected, true, "[[{1,2}],refused]"}], Told),
        ?assertEqual([{3, 4}], heirloom_ets:lookup(guarded, 3))
    end)}.

%% An ordered_set has one lock. If a write waited for it in its scheduler, nothing would run here any more.
a_writer_that_is_stopped_holds_no_scheduler_test_() ->
    {timeout, 120, in_a_process(fun() ->
        Port = open_port({spawn, vm("{ok,_} = application:ensure_all_started(heirloom), "
                                    "heirloom:open_or_create(busy, [public, ordered_set]), "
                                    "io:put_chars(os:getpid() ++ [10]), "
                                    "(fun On() -> heirloom_ets:insert(busy, {1, <<0:20000>>}), On() end)().")},
                         [{line, 1000}, exit_status]),
        Writer = receive {Port, {data, {eol, Line}}} -> Line end,
        Each = 2 * erlang:system_info(schedulers_online),
        true = heirloom_ets:insert(busy, [{3, deleted}, {4, 0}]),
        Insert = fun() -> true = heirloom_ets:insert(busy, {2, here}) end,
        Several = fun() -> true = heirloom_ets:insert(busy, [{2, here}, {5, here}]) end,
        Delete = fun() -> heirloom_ets:select_delete(busy, [{{3, '_'}, [], [true]}]) end,
        Count = fun() -> 1 = heirloom_ets:select_replace(busy, [{{'$1', '$2'}, [{'=:=', '$1', 4}], [{{'$1', {'+', '$2', 1}}}]}]) end,
        Writers = [stopped_in_a_write(Writer, Insert, 400) | [spawn(Write) || Write <- [Insert, Several, Delete, Count], _ <- lists:seq(1, Each)]],
        [true = lists:member(heirloom_ets:lookup(busy, 2), [[], [{2, here}]]) || _ <- lists:seq(1, 1000)],
        ?assert(lists:all(fun is_process_alive/1, Writers)),
        signal("CONT", Writer),
        Monitors = [monitor(process, Pid) || Pid <- Writers],
        [receive {'DOWN', Monitor, process, _, Reason} -> ?assert(lists:member(Reason, [normal, noproc])) end
         || Monitor <- Monitors],
        ?assertEqual([{2, here}, {4, Each}, {5, here}],
                     lists:flatmap(fun(Key) -> heirloom_ets:lookup(busy, Key) end, [2, 3, 4, 5])),
        signal("KILL", Writer),
        receive {Port, {exit_status, _}} -> ok end
    end)}.

%% A process whose write has to wait for it.
stopped_in_a_write(Writer, Write, Tries) when Tries > 0 ->
    signal("STOP", Writer),
    {Waits, Monitor} = spawn_monitor(Write),
    receive
        {'DOWN', Monitor, process, Waits, normal} ->
            signal("CONT", Writer),
            timer:sleep(rand:uniform(5)),
            stopped_in_a_write(Writer, Write, Tries - 1)
    after 300 -> Waits
    end.

signal(Name, Writer) -> os:cmd("kill -" ++ Name ++ " " ++ Writer).

a_table_is_there_after_its_vm_was_killed_test_() ->
    {timeout, 60, in_a_process(fun() ->
        another_vm("{ok,_} = application:ensure_all_started(heirloom), "
            "kept = heirloom:open_or_create(kept, [protected]), "
            "true = heirloom_ets:insert(kept, [{1, self()}, {2, make_ref()}, {3, here}]), "
            "os:cmd(\"kill -9 \" ++ os:getpid()), receive after infinity -> ok end."),
        %% While nobody owns it, everybody may read it.
        ?assertEqual([{3, here}], heirloom_ets:lookup(kept, 3)),
        kept = heirloom:open_or_create(kept, [protected]),
        [{1, Pid}] = heirloom_ets:lookup(kept, 1),
        %% It has the number of a process here, and is none of ours.
        ?assert(is_pid(Pid)),
        ?assertNotEqual(Pid, list_to_pid(pid_to_list(Pid))),
        ?assert(not lists:member(Pid, processes())),
        true = heirloom_ets:insert(kept, {4, self()}),
        ?assertEqual([{4, self()}], heirloom_ets:lookup(kept, 4)),
        true = heirloom_ets:delete(kept),
        ?assertEqual(undefined, heirloom_ets:info(kept))
    end)}.

%% A VM calls itself otherwise when it joins a distribution or leaves it. (No epmd and no port are needed for that.)
a_pid_is_the_same_key_whatever_its_vm_is_called_test_() ->
    {timeout, 60, in_a_process(fun() ->
        ?assertEqual("[joined@localhost,nonode@nohost,true]",
                     another_vm("{ok,_} = application:ensure_all_started(heirloom), "
                         "T = heirloom_ets:new(t, []), P = self(), R = make_ref(), F = fun() -> {P, R, [fun() -> P end]} end, "
                         "true = heirloom_ets:insert(T, [{P, R}, {R, F}, {1, {1 bsl 70, [P | R]}}]), "
                         "Same = fun() -> "
                         "    [{P, R}] = heirloom_ets:lookup(T, self()), "
                         "    [{R, Found}] = heirloom_ets:lookup(T, R), "
                         "    {P, R, [Inner]} = Found(), P = Inner(), "
                         "    [{1, {_, [P | R]}}] = heirloom_ets:lookup(T, 1), "
                         "    true = heirloom_ets:insert(T, {R, F}), 3 = heirloom_ets:info(T, size), node() end, "
                         "Join = fun(Name) -> "
                         "    {ok, _} = net_kernel:start(Name, #{name_domain => longnames, dist_listen => false}) end, "
                         "nonode@nohost = Same(), Join(list_to_atom(\"joined@localhost\")), Joined = Same(), "
                         "ok = net_kernel:stop(), Left = Same(), Latin = list_to_atom([$j, $@, $h, 16#f6]), Join(Latin), "
                         "io:format(\"~0p\", [[Joined, Left, Same() =:= Latin]]), halt()."))
    end)}.

%% Nor is what a VM of a distribution has of one that was none.
a_pid_of_nobody_is_nobodys_elsewhere_test_() ->
    {timeout, 60, in_a_process(fun() ->
        ?assertEqual("true",
                     another_vm("{ok,_} = application:ensure_all_started(heirloom), "
                         "{ok, _} = net_kernel:start(list_to_atom(\"joined@localhost\"), "
                         "    #{name_domain => longnames, dist_listen => false}), "
                         "T = heirloom:open_or_create(of_nobody, [public]), "
                         "Init = binary_to_term(<<131, 88, 100, 13:16, \"nonode@nohost\", 0:96>>), "
                         "true = heirloom_ets:insert(T, {1, Init}), "
                         "io:format(\"~p\", [[{1, Init}] =:= heirloom_ets:lookup(T, 1)]), halt().")),
        of_nobody = heirloom:open_or_create(of_nobody, [public]),
        [{1, Pid}] = heirloom_ets:lookup(of_nobody, 1),
        ?assertEqual("<0.0.0>", pid_to_list(whereis(init))),
        ?assertNotEqual(whereis(init), Pid),
        true = heirloom_ets:delete(of_nobody)
    end)}.

%% Whoever sees a name while its table is made, given up and made anew finds nothing, or a table; and a stranger reads no private one.
a_name_is_never_somebody_elses_table_test_() ->
    {timeout, 60, in_a_process(fun() ->
        Readers = [spawn_link(fun Read() -> catch heirloom_ets:lookup(contested, 1), Read() end) || _ <- [1, 2]],
        Refused = fun() ->
            Test = self(),
            spawn_link(fun() -> Test ! {tried, catch heirloom_ets:lookup(contested, 1)} end),
            receive {tried, {'EXIT', {badarg, _}}} -> ok end
        end,
        [begin
             {Owner, Monitor} = spawn_monitor(fun() ->
                 contested = heirloom_ets:new(contested, [named_table, private]),
                 true = heirloom_ets:insert(contested, {1, secret}),
                 [{1, secret}] = heirloom_ets:lookup(contested, 1),
                 Refused()
             end),
             receive {'DOWN', Monitor, process, Owner, Reason} -> ?assertEqual(normal, Reason) end
         end || _ <- lists:seq(1, 100)],
        [begin unlink(Reader), exit(Reader, kill) end || Reader <- Readers],
        ?assertEqual(undefined, heirloom_ets:info(contested))
    end)}.

%% Killed in the middle of new: the name is free.
a_maker_that_is_killed_leaves_no_name_behind_test_() ->
    {timeout, 60, in_a_process(fun() ->
        [begin
             {Maker, Monitor} = spawn_monitor(fun() -> heirloom_ets:new(half_made, [named_table, public]) end),
             [ok || _ <- lists:seq(1, rand:uniform(3000))],
             exit(Maker, kill),
             receive {'DOWN', Monitor, process, Maker, _} -> ok end,
             half_made = heirloom_ets:new(half_made, [named_table]),
             true = heirloom_ets:delete(half_made)
         end || _ <- lists:seq(1, 200)]
    end)}.

tables_without_a_name_take_no_atoms_test_() ->
    in_a_process(fun() ->
        Make = fun(Count) -> [heirloom_ets:delete(heirloom_ets:new(nameless, [])) || _ <- lists:seq(1, Count)] end,
        Make(10),
        Before = erlang:system_info(atom_count),
        Make(200),
        ?assert(erlang:system_info(atom_count) - Before < 10)
    end).

a_fold_sees_what_its_function_did_test_() ->
    in_a_process(fun() ->
        Table = heirloom_ets:new(folded, [ordered_set]),
        heirloom_ets:insert(Table, [{I} || I <- lists:seq(1, 10)]),
        ?assertEqual(1, heirloom_ets:foldl(fun(_, Count) -> heirloom_ets:delete_all_objects(Table), Count + 1 end, 0, Table))
    end).

a_node_table_that_falls_to_its_node_may_be_claimed_test_() ->
    in_a_process(fun() ->
        {Owner, Monitor} = spawn_monitor(fun() ->
            fallen = heirloom:open_or_create(fallen, [private]),
            heirloom_ets:insert(fallen, {1, 2})
        end),
        receive {'DOWN', Monitor, process, Owner, _} -> ok end,
        ?assertError(badarg, heirloom_ets:insert(fallen, {2, 3})),
        fallen = heirloom:open_or_create(fallen, [private]),
        ?assertEqual([{1, 2}], heirloom_ets:tab2list(fallen)),
        true = heirloom_ets:delete(fallen)
    end).

%% What was made and not adopted when the keeper died is nobody's: the next one lets go of it.
a_keeper_that_is_killed_leaves_no_name_behind_test_() ->
    {timeout, 60, in_a_process(fun() ->
        kept_half = heirloom:open_or_create(kept_half, [public]),
        true = heirloom_ets:insert(kept_half, {1, here}),
        {_, Monitor} = spawn_monitor(fun() -> {ok, _} = heirloom_keeper:make(owned, half_made, [public], self()) end),
        receive {'DOWN', Monitor, process, _, Reason} -> ?assertEqual(normal, Reason) end,
        {ok, _} = heirloom_keeper:make(owned, also_half_made, [public], self()),
        {ok, _} = heirloom_keeper:make(node_table, half_claimed, [public], self()),
        kill_the_keeper(),
        [Name = heirloom_ets:new(Name, [named_table]) || Name <- [half_made, also_half_made]],
        ?assertEqual("half_claimed", another_vm("{ok,_} = application:ensure_all_started(heirloom), "
                                                "io:format(\"~0p\", [heirloom:open_or_create(half_claimed, [public])]), halt().")),
        half_claimed = heirloom:open_or_create(half_claimed, [public]),
        ?assertEqual([{1, here}], heirloom_ets:lookup(kept_half, 1)),
        [true = heirloom_ets:delete(Name) || Name <- [half_made, also_half_made, half_claimed, kept_half]]
    end)}.

%% As the last one who claims it says, for other programs, too.
a_node_table_has_the_protection_of_its_claim_test_() ->
    {timeout, 60, in_a_process(fun() ->
        claimed = heirloom:open_or_create(claimed, [private]),
        true = heirloom_ets:insert(claimed, {1, 2}),
        Lookup = "{ok,_} = application:ensure_all_started(heirloom), "
                 "io:format(\"~0p\", [try heirloom_ets:lookup(claimed, 1) catch error:badarg -> refused end]), halt().",
        ?assertEqual("refused", another_vm(Lookup)),
        {Pid, Monitor} = spawn_monitor(fun() -> receive never -> ok end end),
        true = heirloom_ets:give_away(claimed, Pid, gift),
        exit(Pid, kill),
        receive {'DOWN', Monitor, process, Pid, killed} -> ok end,
        claimed = heirloom:open_or_create(claimed, [protected]),
        ?assertEqual("[{1,2}]", another_vm(Lookup)),
        true = heirloom_ets:delete(claimed)
    end)}.

%% A fixed table is what its shadow is, whichever keeper heard of it.
a_table_is_released_though_its_keeper_was_killed_test_() ->
    {timeout, 60, in_a_process(fun() ->
        Table = heirloom_ets:new(fixed, [public]),
        Fix = fun(Fixed) -> fun() -> true = heirloom_ets:safe_fixtable(Table, Fixed) end end,
        Fixer = spawn_link(fun Do() -> receive {do, What, From} -> What(), From ! done end, Do() end),
        Tell = fun(What) -> Fixer ! {do, What, self()}, receive done -> ok end end,
        (Fix(true))(),
        Tell(Fix(true)),
        ?assert(is_fixed_in_the_library(Table)),
        kill_the_keeper(),
        (Fix(false))(),
        ?assert(is_fixed_in_the_library(Table)),
        kill_the_keeper(),
        unlink(Fixer),
        exit(Fixer, kill),
        wait_until(fun() -> not is_fixed_in_the_library(Table) end),
        true = heirloom_ets:delete(Table)
    end)}.

%% Another VM has fixed this one's table, by a process that died.
a_table_is_released_when_who_fixed_it_elsewhere_died_test_() ->
    {timeout, 60, in_a_process(fun() ->
        watched = heirloom_ets:new(watched, [named_table, protected]),
        true = heirloom_ets:insert(watched, {1, 2}),
        Port = open_port({spawn, vm("{ok,_} = application:ensure_all_started(heirloom), "
                                    "Fix = fun(Fixed) -> true = heirloom_ets:safe_fixtable(watched, Fixed) end, "
                                    "{P, M} = spawn_monitor(fun() -> Fix(true), Fix(true), Fix(false), io:put_chars([$f, 10]), "
                                    "    receive never -> ok end end), "
                                    "io:get_line([]), exit(P, kill), receive {_, M, _, _, _} -> ok end, "
                                    "io:get_line([]), halt().")}, [{line, 1000}, exit_status]),
        receive {Port, {data, {eol, "f"}}} -> ok end,
        ?assert(is_fixed_in_the_library(watched)),
        port_command(Port, "\n"),
        wait_until(fun() -> not is_fixed_in_the_library(watched) end),
        port_command(Port, "\n"),
        receive {Port, {exit_status, Status}} -> ?assertEqual(0, Status) end
    end)}.

is_fixed_in_the_library(Table) ->
    {ok, Fixed} = heirloom_nif:call_long(Table, ask, info, [fixed]),
    Fixed.

kill_the_keeper() ->
    Keeper = whereis(heirloom_keeper),
    exit(Keeper, kill),
    wait_until(fun() -> not lists:member(whereis(heirloom_keeper), [undefined, Keeper]) end).

wait_until(Is) ->
    case Is() of
        true -> ok;
        false -> timer:sleep(1), wait_until(Is)
    end.
