%% SPDX-License-Identifier: Apache-2.0
%%
%% Strategy: what can go wrong under a running VM does - no memory, a small file system, a manager that is stopped or dead, damaged bytes,
%% tables deleted and processes killed in the middle of calls. Each is an error of Erlang, or none; the VM and its other tables go on.
-module(heirloom_mishaps_tests).

-include_lib("eunit/include/eunit.hrl").
-import(heirloom_ets_tests, [in_a_process/1]).
-export([code/2, fill/2, outcome/2, start/0]).

%% ------------------------------------------------------------------------------------------------------------------- memory

a_full_table_says_so_and_takes_more_when_there_is_room_test_() ->
    {timeout, 600, in_a_process(fun() ->
        [begin
             Table = heirloom_ets:new(small, [Type, public, {max_bytes, 4 bsl 20}]),
             ?assertMatch({N, {heirloom, full, _}} when N > 500, fill(Table, Each)),
             ?assertEqual(heirloom_ets:info(Table, size), length(heirloom_ets:tab2list(Table))),
             true = heirloom_ets:delete_all_objects(Table),
             ?assertMatch({N, {heirloom, full, _}} when N > 500, fill(Table, Each)),
             true = heirloom_ets:delete(Table)
         end || Type <- [set, ordered_set, bag, duplicate_bag], Each <- [1, 10, 150]]
    end)}.

%% Objects of a kilobyte, so many in a call; how many there are, and why there are no more.
fill(Table, Each) -> fill_on(Table, Each, 0).
fill_on(Table, Each, Count) ->
    Objects = [{Count + I, binary:copy(<<I>>, 1000)} || I <- lists:seq(1, Each)],
    try heirloom_ets:insert(Table, case Objects of [One] -> One; _ -> Objects end) of
        true -> fill_on(Table, Each, Count + Each)
    catch error:Reason -> {Count, Reason}
    end.

%% Without SIGXFSZ.
a_file_that_may_not_grow_is_a_full_table_test_() ->
    {timeout, 600, in_a_node(fun(Directory) ->
        VM = vm(Directory),
        "" = os:cmd("prlimit --fsize=120000000 --pid " ++ peer:call(VM, os, getpid, [])),
        Table = peer:call(VM, heirloom, open_or_create, [limited, [public]]),
        ?assertMatch({N, {heirloom, full, _}} when N > 1000 andalso N < 120000, peer:call(VM, ?MODULE, fill, [Table, 1], 60000)),
        ?assertEqual(1000, peer:call(VM, heirloom_ets, select_delete, [Table, [{{'$1', '_'}, [{'=<', '$1', 1000}], [true]}]])),
        ?assertMatch({N, {heirloom, full, _}} when N > 500, peer:call(VM, ?MODULE, fill, [Table, 1], 60000)),
        peer:stop(VM)
    end)}.

%% ------------------------------------------------------------------------------------------------------------------ the manager

a_manager_that_hangs_or_dies_stops_no_read_or_write_test_() ->
    {timeout, 600, in_a_node(fun(Directory) ->
        Manager = vm(Directory),
        Process = peer:call(Manager, os, getpid, []),
        VM = vm(Directory),
        Table = peer:call(VM, heirloom, open_or_create, [kept, [public]]),
        Works = fun(Key) ->
            true = peer:call(VM, heirloom_ets, insert, [Table, {Key, here}]),
            [{Key, here}] = peer:call(VM, heirloom_ets, lookup, [Table, Key])
        end,
        Makes = fun() ->
            peer:call(VM, ?MODULE, outcome, [new, [made, [named_table, public]]], 60000)
        end,
        try
            Works(1),
            os:cmd("kill -STOP " ++ Process),
            Works(2),
            ?assert(lists:member(Makes(), [no_manager, made])),
            Works(3)
        after
            os:cmd("kill -KILL " ++ Process)
        end,
        Works(4),
        ?assert(lists:member(until(Makes, fun(Made) -> Made =/= no_manager end), [made, badarg])),
        Works(5),
        catch peer:stop(Manager),
        peer:stop(VM)
    end)}.

%% ------------------------------------------------------------------------------------------------------------------ damage

damaged_bytes_end_no_vm_test_() ->
    {timeout, 600, in_a_node(fun(Directory) ->
        VM = vm(Directory),
        rand:seed(exsss),
        Codes = [damaged(VM, Directory, Type, Round) || Round <- lists:seq(1, 10), Type <- [set, ordered_set, bag]],
        ?assert(lists:any(fun(Code) -> Code =/= fine end, lists:append(Codes))),
        peer:stop(VM)
    end)}.

%% Which errors a table gives when some pages of its file have other bytes than it has written.
damaged(VM, Directory, Type, Round) ->
    Before = filelib:wildcard(Directory ++ "/tables/*"),
    Name = list_to_atom(lists:concat([Type, Round])),
    Name = peer:call(VM, heirloom, open_or_create, [Name, [Type, public]]),
    true = peer:call(VM, heirloom_ets, insert, [Name, [{K, K, binary:copy(<<"x">>, K rem 100), [a, {b, K}]} || K <- lists:seq(1, 2000)]]),
    [File] = filelib:wildcard(Directory ++ "/tables/*") -- Before,
    {ok, Bytes} = file:open(File, [read, write, raw, binary]),
    Written = pages(Bytes, 0),
    [ok = file:pwrite(Bytes, lists:nth(rand:uniform(length(Written)), Written), rand:bytes(4096)) || _ <- lists:seq(1, 1 + Round * 3)],
    ok = file:close(Bytes),
    Calls = [{lookup, [Name, K]} || K <- lists:seq(1, 2000, 50)] ++
        [{insert, [Name, {K, new}]} || K <- lists:seq(2, 3000, 100)] ++ [{insert, [Name, [{K, new} || K <- lists:seq(1, 50)]]}] ++
        [{delete, [Name, K]} || K <- lists:seq(3, 2000, 100)] ++
        [{update_counter, [Name, 10, {2, 1}]}, {select, [Name, [{{'$1', '_', '_', '_'}, [{'<', '$1', 100}], ['$_']}]]},
         {select, [Name, [{'_', [], ['$_']}], 100]}, {select_count, [Name, [{{'_', '_', '_', '_'}, [], [true]}]]},
         {select_delete, [Name, [{{'$1', '_', '_', '_'}, [{'<', '$1', 500}], [true]}]]}, {tab2list, [Name]}, {first, [Name]}, {last, [Name]},
         {info, [Name]}, {slot, [Name, 0]}, {delete_all_objects, [Name]}, {insert, [Name, {1, 2}]}, {delete, [Name]}],
    Codes = [peer:call(VM, ?MODULE, code, [Function, Arguments], 60000) || {Function, Arguments} <- Calls],
    %% Another table, of the same VM.
    Other = peer:call(VM, heirloom, open_or_create, [whole, [public]]),
    true = peer:call(VM, heirloom_ets, insert, [Other, {Round, Type}]),
    [{Round, Type}] = peer:call(VM, heirloom_ets, lookup, [Other, Round]),
    Codes.

%% Where something else lies than zeros.
pages(File, From) ->
    case file:pread(File, From, 4096) of
        {ok, <<0:4096/unit:8>>} -> pages(File, From + 4096);
        {ok, _} -> [From | pages(File, From + 4096)];
        eof -> []
    end.

%% ---------------------------------------------------------------------------------------------- tables and processes that go

a_table_may_go_under_any_call_test_() ->
    {timeout, 600, in_a_process(fun() ->
        Objects = [{K, K} || K <- lists:seq(1, 5000)],
        [begin
             Table = heirloom_ets:new(going, [Type, public]),
             true = heirloom_ets:insert(Table, Objects),
             Callers = [spawn_monitor(fun() -> call_on(Table, Call) end) || Call <- calls()],
             wait(rand:uniform(20000)),
             true = heirloom_ets:delete(Table),
             [receive {'DOWN', Monitor, process, Pid, Reason} -> ?assertMatch({badarg, [{heirloom_ets, _, _, _} | _]}, Reason) end
              || {Pid, Monitor} <- Callers]
         end || _ <- lists:seq(1, 15), Type <- [set, ordered_set, duplicate_bag]]
    end)}.

processes_that_are_killed_in_calls_leave_nothing_behind_test_() ->
    {timeout, 600, in_a_process(fun() ->
        [begin
             Table = heirloom_ets:new(used, [Type, public]),
             true = heirloom_ets:insert(Table, [{K, K} || K <- lists:seq(1, 5000)]),
             [begin
                  Callers = [spawn_monitor(fun() -> call_on(Table, Call) end) || Call <- calls()],
                  wait(rand:uniform(20000)),
                  [exit(Pid, kill) || {Pid, _} <- Callers],
                  [receive {'DOWN', Monitor, process, Pid, Reason} -> ?assertEqual(killed, Reason) end || {Pid, Monitor} <- Callers]
              end || _ <- lists:seq(1, 20)],
             %% A dirty scheduler ends what it has begun.
             true = until(fun() -> heirloom_ets:info(Table, size) =:= length(heirloom_ets:tab2list(Table)) end, fun(Same) -> Same end),
             false = until(fun() -> heirloom_ets:info(Table, fixed) end, fun(Fixed) -> not Fixed end),
             true = heirloom_ets:insert(Table, {here, 1}),
             ?assertEqual([{here, 1}], heirloom_ets:lookup(Table, here)),
             true = heirloom_ets:delete(Table)
         end || Type <- [set, ordered_set, duplicate_bag]]
    end)}.

call_on(Table, Call) ->
    Call(Table),
    call_on(Table, Call).

calls() ->
    Below = fun(Key) -> [{'<', '$1', Key}] end,
    [fun(Table) -> heirloom_ets:select(Table, [{{'$1', '_'}, Below(3000), ['$_']}]) end,
     fun(Table) -> heirloom_ets:select_count(Table, [{{'$1', '_'}, Below(3000), [true]}]) end,
     fun(Table) -> heirloom_ets:select_delete(Table, [{{'$1', '_'}, Below(500), [true]}]) end,
     fun(Table) -> heirloom_ets:select_replace(Table, [{{'$1', '$2'}, Below(1000), [{{'$1', {'+', '$2', 1}}}]}]) end,
     fun(Table) -> heirloom_ets:insert(Table, [{K, again} || K <- lists:seq(1, 50)]) end,
     fun(Table) -> heirloom_ets:insert(Table, [{K, again} || K <- lists:seq(1, 400)]) end,
     fun(Table) -> heirloom_ets:foldl(fun(_, Count) -> Count + 1 end, 0, Table) end,
     fun(Table) -> chunks(heirloom_ets:select(Table, [{{'$1', '_'}, [], ['$1']}], 100)) end,
     fun(Table) -> [heirloom_ets:update_element(Table, here, {2, 1}) || heirloom_ets:info(Table, type) =/= duplicate_bag] end].

chunks('$end_of_table') -> ok;
chunks({_, Continuation}) -> chunks(heirloom_ets:select(Continuation)).

wait(Microseconds) ->
    Until = erlang:monotonic_time(microsecond) + Microseconds,
    (fun On() -> erlang:yield(), erlang:monotonic_time(microsecond) < Until andalso On() end)().

%% ------------------------------------------------------------------------------------------------------------------ other VMs

in_a_node(Test) ->
    fun() ->
        Directory = string:trim(os:cmd("mktemp -d -p /dev/shm heirloom-mishaps.XXXXXX")),
        try Test(Directory) after os:cmd("rm -rf " ++ Directory) end
    end.

%% One that uses the node in this directory.
vm(Directory) ->
    Paths = lists:append([["-pa", filename:dirname(code:which(Module))] || Module <- [heirloom, ?MODULE, heirloom_ets_tests]]),
    {ok, VM, _} = peer:start(#{connection => standard_io, env => [{"HEIRLOOM_NODE", Directory}], args => Paths}),
    ok = peer:call(VM, ?MODULE, start, [], 60000),
    VM.

start() ->
    {ok, _} = application:ensure_all_started(heirloom),
    ok.

%% The result of a call, or the code of its error; `fine` instead of any result.
outcome(Function, Arguments) -> attempt(Function, Arguments, fun(Result) -> Result end).
code(Function, Arguments) -> attempt(Function, Arguments, fun(_) -> fine end).

attempt(Function, Arguments, Told) ->
    try Told(apply(heirloom_ets, Function, Arguments))
    catch
        error:{heirloom, Code, _} -> Code;
        error:badarg -> badarg
    end.

until(Ask, Is) ->
    case Ask() of
        Answer ->
            case Is(Answer) of
                true -> Answer;
                false -> timer:sleep(50), until(Ask, Is)
            end
    end.
