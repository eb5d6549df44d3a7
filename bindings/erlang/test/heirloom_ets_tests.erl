%% SPDX-License-Identifier: Apache-2.0
%%
%% heirloom_ets beside ets: the same calls, the same answers.
-module(heirloom_ets_tests).

-include_lib("eunit/include/eunit.hrl").
-include_lib("stdlib/include/qlc.hrl").

-export([in_a_process/1]).
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

%% How a table is filled, and what ends that: the same exits and errors, and the same calls of whoever reads.
a_table_is_filled_as_by_ets_test_() ->
    in_a_process(fun() ->
        Wrong = [[{1, 2}, no_tuple], [{1, 2} | improper], [{}], [[{1, 2}, {3, 4}], {5, 6}]],
        Inputs = [fun(_) -> end_of_input end, fun(_) -> {[{1, 2}], no_fun} end, fun(_) -> {no_list, fun(_) -> end_of_input end} end,
                  fun(_) -> nothing_known end, fun(_) -> error(its_own) end, fun(_) -> exit(its_own) end, fun(_) -> throw(its_own) end,
                  fun() -> end_of_input end, no_fun, reader([[], [{1, 2}, {3, 4}], [{5, 6}]])
                 | [reader([[{7, 8}], Objects, [{9, 10}]]) || Objects <- Wrong]],
        lists:foreach(fun(Input) -> ?assertEqual(filled(ets, Input), filled(heirloom_ets, Input)) end, Inputs),
        {{exit, badarg}, _, [read, read, close]} = filled(heirloom_ets, reader([[{7, 8}], [no_tuple]]))
    end).

reader(Chunks) -> fun(Told) -> self() ! {told, Told}, given(Told, Chunks) end.
given(read, [Objects | Chunks]) -> {Objects, reader(Chunks)};
given(read, []) -> end_of_input;
given(close, _) -> error(not_listened_to).

%% How it ended, what is in the table, and what the reader was told.
filled(Module, Input) ->
    Table = Module:new(filled, [ordered_set]),
    true = Module:insert(Table, {before, 1}),
    End = try Module:init_table(Table, Input)
          catch
              exit:{Reason, Stack} when is_list(Stack), is_tuple(hd(Stack)) -> {exit, Reason};
              Class:Reason -> {Class, Reason}
          end,
    {End, Module:tab2list(Table), messages()}.

messages() ->
    receive {told, Told} -> [Told | messages()]
    after 0 -> []
    end.

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
