%% SPDX-License-Identifier: Apache-2.0
%%
%% Nanoseconds a call, ets and heirloom_ets in turns in one VM, on a set of a thousand {int, int, <<32 bytes>>}: by one process, and by
%% two at once, each of which makes all the calls; of tables as they are by default, and made for concurrent use.
%%
%%   erlc -o EBIN bench/heirloom_ets_bench.erl
%%   HEIRLOOM_NODE=/dev/shm/bench erl -noshell -pa EBIN -s heirloom_ets_bench run -s init stop
-module(heirloom_ets_bench).

-export([run/0]).

-define(KEYS, 1000).
-define(CONCURRENT, [{read_concurrency, true}, {write_concurrency, true}]).

run() ->
    {ok, _} = application:ensure_all_started(heirloom),
    [measure(Module, Kind, Options, Processes)
     || {Kind, Options} <- [{default, []}, {concurrent, ?CONCURRENT}], Processes <- [1, 2], _ <- lists:seq(1, 3),
        Module <- [ets, heirloom_ets]].

measure(Module, Kind, Options, Processes) ->
    Table = Module:new(measured, [set, public | Options]),
    Bytes = binary:copy(<<"x">>, 32),
    [Module:insert(Table, {Key, Key, Bytes}) || Key <- lists:seq(0, ?KEYS - 1)],
    Spec = [{{'$1', '_', '_'}, [{'<', '$1', 10}], ['$1']}],
    Calls = [{lookup, 100000, fun(Key) -> Module:lookup(Table, Key) end},
             {insert, 100000, fun(Key) -> Module:insert(Table, {Key, Key, Bytes}) end},
             {member, 100000, fun(Key) -> Module:member(Table, Key) end},
             {update_counter, 100000, fun(Key) -> Module:update_counter(Table, Key, 1) end},
             {insert_10, 20000, fun(Key) -> Module:insert(Table, [{(Key + I) rem ?KEYS, Key, Bytes} || I <- lists:seq(1, 10)]) end},
             {select, 300, fun(_) -> Module:select(Table, Spec) end}],
    io:format("~w, ~w, ~w: ~ts~n", [Module, Kind, Processes, [io_lib:format("  ~w ~w", [Name, each(Call, Count, Processes)])
                                                              || {Name, Count, Call} <- Calls]]),
    Module:delete(Table).

each(Call, Count, Processes) ->
    {Microseconds, _} = timer:tc(fun() ->
        Monitors = [element(2, spawn_monitor(fun() -> repeat(Call, Count) end)) || _ <- lists:seq(1, Processes)],
        [receive {'DOWN', Monitor, process, _, normal} -> ok end || Monitor <- Monitors]
    end),
    round(Microseconds * 1000 / Count).

repeat(_Call, 0) -> ok;
repeat(Call, Left) ->
    Call(Left rem ?KEYS),
    repeat(Call, Left - 1).
