%% SPDX-License-Identifier: Apache-2.0
%%
%% heirloom_ets beside ets: the same calls, the same answers.
-module(heirloom_ets_tests).

-include_lib("eunit/include/eunit.hrl").
-include_lib("stdlib/include/qlc.hrl").

-define(TYPES, [set, ordered_set, bag, duplicate_bag]).
-define(CALLS, 3000).

%% The stranger's tables of these tests go with their processes.
in_a_process(Test) ->
    fun() ->
        {Pid, Monitor} = spawn_monitor(fun() -> Test(), exit(passed) end),
        receive {'DOWN', Monitor, process, Pid, Reason} -> ?assertEqual(passed, Reason) end
    end.

%% ---------------------------------------------------------------------------------------------------------- the same answers

answers_as_ets_does_test_() ->
    [{timeout, 120, {lists:concat([Type, " ", Keypos]), in_a_process(fun() -> compare(Type, Keypos) end)}}
     || Type <- ?TYPES, Keypos <- [1, 2]].

compare(Type, Keypos) ->
    Seed = list_to_integer(os:getenv("HEIRLOOM_SEED", integer_to_list(erlang:system_time()))),
    rand:seed(exsss, Seed),
    Options = [Type, public, {keypos, Keypos}],
    Theirs = ets:new(table, Options),
    Ours = heirloom_ets:new(table, Options),
    [begin
         {Function, Arguments} = call(Type),
         Wanted = heirloom_beside:answer(ets, Function, [Theirs | Arguments], Type),
         Answer = heirloom_beside:answer(heirloom_ets, Function, [Ours | Arguments], Type),
         Wanted =:= Answer orelse
             exit(lists:flatten(io_lib:format("seed ~w: ~0tp: ets ~0tp, heirloom_ets ~0tp",
                                          [Seed, {Function, Arguments}, Wanted, Answer])))
     end || _ <- lists:seq(1, ?CALLS)],
    ?assertEqual(heirloom_beside:sorted(ets:tab2list(Theirs)), heirloom_beside:sorted(heirloom_ets:tab2list(Ours))).

call(Type) ->
    Calls = [{insert, [object()]}, {insert, [object()]}, {insert, [[object() || _ <- lists:seq(1, rand:uniform(4))]]},
             {insert_new, [object()]}, {insert_new, [[object(), object()]]}, {insert, [not_an_object]}, {insert, [{}]},
             {lookup, [key()]}, {lookup, [key()]}, {member, [key()]}, {lookup_element, [key(), rand:uniform(4) - 1]},
             {delete, [key()]}, {take, [key()]}, {delete_object, [object()]}, {tab2list, []}, {info, [size]}, {info, [type]},
             {select, [spec()]}, {select_count, [spec()]}, {select_delete, [[{object_pattern(), [], [{'>', 1, rand:uniform(2)}]}]]},
             {match, [object_pattern()]}, {match_object, [object_pattern()]}, {match_delete, [object_pattern()]},
             {select_replace, [[{{'$1', '$2', '$3'}, [{is_integer, '$3'}], [{{'$1', '$2', {'+', '$3', 1}}}]}]]},
             {info, [keypos]}, {info, [protection]}, {info, [name]}, {info, [nothing]}, {next, [no_such_key]}],
    Counters = [{update_counter, [key(), counter()]}, {update_counter, [key(), {3, rand:uniform(9)}, object()]},
                {update_element, [key(), {3, value()}]}, {update_element, [key(), [{3, value()}, {rand:uniform(4), value()}]]}],
    Ordered = [{first, []}, {last, []}, {next, [key()]}, {prev, [key()]}, {select_reverse, [spec()]}, {slot, [rand:uniform(8) - 1]}],
    All = case Type of
              ordered_set -> Calls ++ Counters ++ Ordered;
              _ -> Calls ++ Counters
          end,
    pick(All).

pick(List) -> lists:nth(rand:uniform(length(List)), List).
key() -> pick([1, 2, 3, 1.0, 2.0, a, b, "text", <<"binary">>, {t, 1}, [], 1 bsl 70, -5, #{k => v}]).
value() -> pick([0, 1, 7, -3, 1 bsl 65, 2.5, atom, "list", <<1:3>>, {x, [y | z]}, #{1 => #{}}, <<0:2000>>, self()]).
object() -> pick([{key(), key(), value()}, {key(), key(), rand:uniform(3)}, {key(), key()}, {key(), key(), value(), extra}]).
object_pattern() -> pick(['_', '$1', {'$1', '_', '$2'}, {key(), '_', '_'}, {'_', key(), '$1'}, {'$1', '$1', '_'}, {'_', '_'}]).
spec() ->
    pick([[{object_pattern(), [], ['$_']}], [{{'$1', '$2', '$3'}, [{is_integer, '$3'}], [{{'$3', '$1'}}]}],
          [{{'$1', '_', '_'}, [{'=<', '$1', 2}], ['$1']}, {{a, '_', '$1'}, [], [{{found, '$1'}}]}], [], [{x}], not_a_spec,
          [{{'$1', '_', '_'}, [], ['$9']}]]).
counter() -> pick([1, -1, {3, 2}, {3, 1, 5, 0}, {2, 1}, {9, 1}, [{3, 1}, {3, 1}], [], x, {3, x}]).

%% -------------------------------------------------------------------------------------------------- what only a VM can show

values_of_every_kind_come_back_test_() ->
    in_a_process(fun() ->
        Table = heirloom_ets:new(values, [public]),
        Deep = lists:foldl(fun(_, Inner) -> {Inner, [Inner | tail]} end, bottom, lists:seq(1, 12)),
        Tower = lists:foldl(fun(_, Inner) -> [Inner] end, bottom, lists:seq(1, 100000)),
        Values = [self(), make_ref(), hd(erlang:ports()), fun lists:map/2, fun(X) -> {X, Table} end, 1 bsl 4000, -(1 bsl 63),
                  1 bsl 63, -0.0, 1.0e308, <<1:7>>, <<0:80000>>, "", 'åäö', '日本', '', #{}, maps:from_list([{I, I} || I <- lists:seq(1, 100)]),
                  Deep, Tower, [a | b], {}, list_to_tuple(lists:seq(1, 1000))],
        [begin
             true = heirloom_ets:insert(Table, {I, Value}),
             [{I, Back}] = heirloom_ets:lookup(Table, I),
             ?assert(Value =:= Back)
         end || {I, Value} <- lists:zip(lists:seq(1, length(Values)), Values)]
    end).

an_owner_takes_its_tables_along_test_() ->
    in_a_process(fun() ->
        [begin
             {Owner, Monitor} = spawn_monitor(fun() ->
                 mine = heirloom_ets:new(mine, [named_table, public]),
                 heirloom_ets:insert(mine, {1, 2})
             end),
             receive {'DOWN', Monitor, process, Owner, _} -> ok end,
             ?assertEqual(undefined, heirloom_ets:info(mine)),
             ?assertError(badarg, heirloom_ets:lookup(mine, 1)),
             ?assertEqual(undefined, heirloom_ets:whereis(mine))
         end || _ <- lists:seq(1, 50)]
    end).

an_heir_has_the_table_when_it_hears_of_the_death_test_() ->
    in_a_process(fun() ->
        Heir = self(),
        [begin
             {Owner, Monitor} = spawn_monitor(fun() ->
                 heirloom_ets:new(passed_on, [named_table, private, {heir, Heir, data}]),
                 heirloom_ets:insert(passed_on, {1, Round})
             end),
             receive First -> ?assertEqual({'ETS-TRANSFER', passed_on, Owner, data}, First) end,
             receive {'DOWN', Monitor, process, Owner, _} -> ok end,
             ?assertEqual([{1, Round}], heirloom_ets:lookup(passed_on, 1)),
             ?assertEqual(Heir, heirloom_ets:info(passed_on, owner)),
             true = heirloom_ets:delete(passed_on)
         end || Round <- lists:seq(1, 50)]
    end).

protection_is_that_of_erlang_processes_test_() ->
    in_a_process(fun() ->
        Elsewhere = fun(Call) ->
            {Pid, Monitor} = spawn_monitor(fun() -> exit({result, catch Call()}) end),
            receive {'DOWN', Monitor, process, Pid, {result, Result}} -> Result end
        end,
        [begin
             Table = heirloom_ets:new(table, [Protection]),
             heirloom_ets:insert(Table, {1, 2}),
             Reads = Elsewhere(fun() -> heirloom_ets:lookup(Table, 1) end),
             Writes = Elsewhere(fun() -> heirloom_ets:insert(Table, {2, 3}) end),
             ?assertEqual({Protection, Readable, Writable}, {Protection, Reads =:= [{1, 2}], Writes =:= true})
         end || {Protection, Readable, Writable} <- [{public, true, true}, {protected, true, false}, {private, false, false}]]
    end).

a_table_is_given_away_and_renamed_test_() ->
    in_a_process(fun() ->
        Test = self(),
        Receiver = spawn_link(fun() ->
            receive {'ETS-TRANSFER', Name, From, gift} -> Test ! {got, Name, From, heirloom_ets:insert(Name, {2, two})} end,
            receive stop -> ok end
        end),
        given = heirloom_ets:new(given, [named_table, protected]),
        renamed = heirloom_ets:rename(given, renamed),
        ?assertEqual(undefined, heirloom_ets:info(given)),
        true = heirloom_ets:give_away(renamed, Receiver, gift),
        receive Got -> ?assertEqual({got, renamed, Test, true}, Got) end,
        ?assertError(badarg, heirloom_ets:insert(renamed, {3, three})),
        ?assertEqual([{2, two}], heirloom_ets:tab2list(renamed)),
        Receiver ! stop
    end).

chunks_and_folds_see_everything_test_() ->
    in_a_process(fun() ->
        [begin
             Table = heirloom_ets:new(many, [Type]),
             Objects = [{I, I * I} || I <- lists:seq(1, 1000)],
             heirloom_ets:insert(Table, Objects),
             Chunks = fun Read('$end_of_table') -> []; Read({Some, Continuation}) -> Some ++ Read(heirloom_ets:select(Continuation)) end,
             ?assertEqual(Objects, lists:sort(Chunks(heirloom_ets:match_object(Table, '_', 7)))),
             ?assertEqual(500500, heirloom_ets:foldl(fun({I, _}, Sum) -> I + Sum end, 0, Table)),
             Right = heirloom_ets:foldr(fun(Object, All) -> [Object | All] end, [], Table),
             ?assertEqual(Objects, case Type of ordered_set -> Right; _ -> lists:sort(Right) end),
             ?assertEqual(false, heirloom_ets:info(Table, fixed))
         end || Type <- ?TYPES]
    end).

a_query_reads_a_table_test_() ->
    in_a_process(fun() ->
        [begin
             Table = heirloom_ets:new(queried, [Type, public]),
             heirloom_ets:insert(Table, [{I, I rem 3} || I <- lists:seq(1, 300)]),
             [?assertEqual({Traverse, 100}, {Traverse, length(qlc:e(qlc:q([I || {I, 1} <- heirloom_ets:table(Table, Options)])))})
              || Traverse <- [select, first_next, {select, [{{'$1', '_'}, [], ['$_']}]}],
                 Options <- [[{traverse, Traverse}, {n_objects, 7}]]],
             ?assertEqual([{7, 1}], qlc:e(qlc:q([O || {7, _} = O <- heirloom_ets:table(Table)]))),
             ?assertEqual(false, heirloom_ets:info(Table, fixed)),
             ?assertError(badarg, heirloom_ets:table(Table, [{n_objects, 0}]))
         end || Type <- ?TYPES]
    end).

%% What a call writes to its group leader.
printed(Call) ->
    Leader = group_leader(),
    Device = spawn_link(fun() -> collect([]) end),
    group_leader(Device, self()),
    Result = Call(),
    group_leader(Leader, self()),
    Device ! {read, self()},
    receive {Device, Text} -> {Result, Text} end.

collect(Text) ->
    receive
        {io_request, From, Tag, {put_chars, unicode, M, F, A}} -> From ! {io_reply, Tag, ok}, collect([Text, apply(M, F, A)]);
        {io_request, From, Tag, {put_chars, unicode, More}} -> From ! {io_reply, Tag, ok}, collect([Text, More]);
        {read, From} -> From ! {self(), Text}
    end.

a_list_of_tables_is_printed_test_() ->
    in_a_process(fun() ->
        listed = heirloom_ets:new(listed, [named_table]),
        heirloom_ets:insert(listed, {1, 2}),
        {ok, Printed} = printed(fun() -> heirloom_ets:i() end),
        ?assertMatch({match, _}, re:run(Printed, "listed +listed +set +1 "))
    end).

a_table_goes_to_a_file_and_back_test_() ->
    in_a_process(fun() ->
        File = filename:join("/tmp", "heirloom_ets_tests." ++ os:getpid()),
        Table = heirloom_ets:new(on_file, [bag, public, {keypos, 2}]),
        heirloom_ets:insert(Table, [{I rem 7, I rem 5, self()} || I <- lists:seq(1, 100)]),
        ok = heirloom_ets:tab2file(Table, File),
        {ok, Again} = heirloom_ets:file2tab(File, [{verify, true}]),
        file:delete(File),
        ?assertEqual(lists:sort(heirloom_ets:tab2list(Table)), lists:sort(heirloom_ets:tab2list(Again))),
        ?assertEqual({bag, 2, public}, {heirloom_ets:info(Again, type), heirloom_ets:info(Again, keypos), heirloom_ets:info(Again, protection)}),
        ?assertMatch({error, _}, heirloom_ets:file2tab("/no/such/file"))
    end).

%% What is not as it should be in a file is an error, and no table is left of it; what the table was made with comes back.
a_table_from_a_file_is_what_it_was_test_() ->
    in_a_process(fun() ->
        File = filename:join("/tmp", "heirloom_ets_tests." ++ os:getpid()),
        Made = heirloom_ets:new(on_file, [named_table, compressed, {read_concurrency, true}, {write_concurrency, true}]),
        heirloom_ets:insert(Made, [{I, I} || I <- lists:seq(1, 9)]),
        Items = [read_concurrency, write_concurrency, compressed, size],
        Wanted = [heirloom_ets:info(Made, Item) || Item <- Items],
        ok = heirloom_ets:tab2file(Made, File),
        ?assertEqual({error, cannot_create_table}, heirloom_ets:file2tab(File)),
        true = heirloom_ets:delete(Made),
        {ok, Made} = heirloom_ets:file2tab(File, [{verify, true}]),
        ?assertEqual(Wanted, [heirloom_ets:info(Made, Item) || Item <- Items]),
        true = heirloom_ets:delete(Made),
        {ok, Log} = disk_log:open([{name, broken}, {file, File}]),
        ok = disk_log:log(Log, {one, more}),
        ok = disk_log:close(Log),
        ?assertEqual({error, invalid_object_count}, heirloom_ets:file2tab(File, [{verify, true}])),
        file:delete(File),
        ?assertEqual(undefined, heirloom_ets:info(Made))
    end).

%% A table that is not there leaves what it should replace as it is.
a_table_that_is_gone_empties_no_other_test_() ->
    in_a_process(fun() ->
        File = filename:join("/tmp", "heirloom_ets_tests." ++ os:getpid()),
        {ok, Dets} = dets:open_file(make_ref(), [{file, File}]),
        ok = dets:insert(Dets, {kept, 1}),
        Gone = heirloom_ets:new(gone, []),
        true = heirloom_ets:delete(Gone),
        ?assertError(badarg, heirloom_ets:to_dets(Gone, Dets)),
        ?assertEqual([{kept, 1}], dets:lookup(Dets, kept)),
        ok = dets:delete_all_objects(Dets),
        ?assertError(badarg, heirloom_ets:from_dets(Gone, Dets)),
        ok = dets:close(Dets),
        file:delete(File)
    end).

%% While they do, others run in its scheduler.
long_changes_give_way_test_() ->
    {timeout, 60, in_a_process(fun() ->
        Many = 100_000,
        Table = heirloom_ets:new(many, [public]),
        heirloom_ets:insert(Table, [{I, 0} || I <- lists:seq(1, Many)]),
        [?assertEqual({Many, gave_way}, watched(fun() -> heirloom_ets:Function(Table, Spec) end))
         || {Function, Spec} <- [{select_replace, [{{'$1', '$2'}, [], [{{'$1', {'+', '$2', 1}}}]}]},
                                 {select_delete, [{{'_', 1}, [], [true]}]}]],
        ?assertEqual(0, heirloom_ets:info(Table, size))
    end)}.

watched(Call) ->
    Test = self(),
    Pid = spawn_link(fun() -> receive go -> Test ! {self(), Call()} end end),
    1 = erlang:trace(Pid, true, [running]),
    Pid ! go,
    Result = receive {Pid, Returned} -> Returned end,
    case times_out(Pid) of
        Times when Times > 20 -> {Result, gave_way};
        Times -> {Result, Times}
    end.

times_out(Pid) ->
    receive
        {trace, Pid, out, {heirloom_nif, _, _}} -> 1 + times_out(Pid);
        {trace, Pid, _, _} -> times_out(Pid)
    after 100 -> 0
    end.

%% A chunk goes on in its table; that of an ordered_set in whatever has the name.
a_continuation_knows_its_table_test_() ->
    in_a_process(fun() ->
        [begin
             chunked = Module:new(chunked, [Type, named_table]),
             Module:insert(chunked, [{I} || I <- lists:seq(1, 9)]),
             {_, Renamed} = Module:match(chunked, {'$1'}, 5),
             elsewhere = Module:rename(chunked, elsewhere),
             Goes = try length(element(1, Module:match(Renamed))) catch error:badarg -> not_on end,
             {_, Deleted} = Module:match(elsewhere, {'$1'}, 5),
             true = Module:delete(elsewhere),
             ?assertError(badarg, Module:match(Deleted)),
             ?assertEqual(case Type of set -> 4; ordered_set -> not_on end, Goes)
         end || Type <- [set, ordered_set], Module <- [ets, heirloom_ets]]
    end).

%% A reference that never was a table's is of the wrong type, and what is said of an error says which argument it is.
an_error_tells_what_ets_tells_test_() ->
    in_a_process(fun() ->
        Gone = heirloom_ets:new(gone, []),
        true = heirloom_ets:delete(Gone),
        Ordered = heirloom_ets:new(ordered, [ordered_set]),
        heirloom_ets:insert(Ordered, {1, 2}),
        Cause = fun(Function, Arguments) ->
            try apply(heirloom_ets, Function, Arguments) of _ -> none
            catch error:badarg:Stack -> heirloom_beside:cause(element(4, hd(Stack)))
            end
        end,
        ?assertEqual(id, Cause(lookup, [Gone, 1])),
        ?assertEqual(type, Cause(lookup, [make_ref(), 1])),
        ?assertError(badarg, heirloom_ets:next(Ordered, '$end_of_table')),
        ?assertEqual(none, Cause(lookup_element, [Ordered, 1, 3])),
        ?assertEqual(none, Cause(update_element, [Ordered, 1, {3, x}])),
        ?assertEqual(none, Cause(update_counter, [Ordered, 1, {3, x}])),
        ?assertEqual(position, Cause(update_counter, [Ordered, 1, {3, 1}])),
        #{2 := _, general := _} =
            try heirloom_ets:insert(Ordered, no_object)
            catch error:Reason:Stack -> heirloom_errors:format_error(Reason, Stack)
            end
    end).

%% Of a private table, too.
everybody_may_ask_about_a_table_test_() ->
    in_a_process(fun() ->
        Private = heirloom_ets:new(private, [private]),
        Test = self(),
        spawn_link(fun() -> Test ! [heirloom_ets:info(Private, Item) || Item <- [binary, size]] end),
        receive Told -> ?assertEqual([[], 0], Told) end
    end).

%% ------------------------------------------------------------------------------------------------ what no table of ets can do

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
        Delete = fun() -> heirloom_ets:select_delete(busy, [{{3, '_'}, [], [true]}]) end,
        Count = fun() -> 1 = heirloom_ets:select_replace(busy, [{{'$1', '$2'}, [{'=:=', '$1', 4}], [{{'$1', {'+', '$2', 1}}}]}]) end,
        Writers = [stopped_in_a_write(Writer, Insert, 400) | [spawn(Write) || Write <- [Insert, Delete, Count], _ <- lists:seq(1, Each)]],
        [true = lists:member(heirloom_ets:lookup(busy, 2), [[], [{2, here}]]) || _ <- lists:seq(1, 1000)],
        ?assert(lists:all(fun is_process_alive/1, Writers)),
        signal("CONT", Writer),
        Monitors = [monitor(process, Pid) || Pid <- Writers],
        [receive {'DOWN', Monitor, process, _, Reason} -> ?assert(lists:member(Reason, [normal, noproc])) end
         || Monitor <- Monitors],
        ?assertEqual([{2, here}, {4, Each}], lists:flatmap(fun(Key) -> heirloom_ets:lookup(busy, Key) end, [2, 3, 4])),
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
