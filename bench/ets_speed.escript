#!/usr/bin/env escript
%% SPDX-License-Identifier: Apache-2.0
%%
%% The rows of ETS for speed.cpp: the same records, the same order of calls, on one scheduler's process.
%%
%%   ets_speed.escript [RECORDS] [ROUNDS]
-mode(compile).

main(Arguments) ->
    {Records, Rounds} = case Arguments of
        [R, N] -> {list_to_integer(R), list_to_integer(N)};
        [R] -> {list_to_integer(R), 3};
        [] -> {1000000, 3}
    end,
    [row(Type, Records, Rounds) || Type <- [set, ordered_set]],
    io:format("~nread one after another, ns a record; two processes at once, their rate against that of one~n"),
    io:format("~-30s ~8s ~12s ~8s ~8s~n", ["", "all", "", "read", "write"]),
    [scan_row(Type, Records, Rounds) || Type <- [set, ordered_set]].

%% All records by foldl, which is what goes through a table of any type; and how much more two processes do than one.
scan_row(Type, Records, Rounds) ->
    rand:seed(exsss, {1, 2, 3}),
    Table = ets:new(speed, [Type, public, {write_concurrency, true}, {read_concurrency, true}]),
    Text = <<"thirty-two bytes of binary here.">>,
    [ets:insert(Table, {K, K, Text}) || K <- shuffled(Records)],
    All = median([begin
        erlang:garbage_collect(),
        Begin = erlang:monotonic_time(nanosecond),
        Records = ets:foldl(fun({_, _, _}, N) -> N + 1 end, 0, Table),
        (erlang:monotonic_time(nanosecond) - Begin) / Records
    end || _ <- lists:seq(1, Rounds)]),
    Read = fun(K) -> ets:lookup(Table, K) end,
    Write = fun(K) -> ets:insert(Table, {K, K + 1, Text}) end,
    Keys = [shuffled(Records) || _ <- [1, 2]],
    [Reads, Writes] = [median([scaling(Fun, Keys) || _ <- lists:seq(1, Rounds)]) || Fun <- [Read, Write]],
    io:format("~-30s ~8.1f ~12s ~8.2f ~8.2f~n",
              ["ETS " ++ atom_to_list(Type) ++ ", OTP " ++ erlang:system_info(otp_release), All, "-", Reads, Writes]),
    ets:delete(Table).

%% Twice the keys in the time that two take, against once in the time of one.
scaling(Fun, [One, Two]) ->
    Alone = together(Fun, [One]),
    2 * Alone / together(Fun, [One, Two]).

together(Fun, Lists) ->
    Parent = self(),
    Workers = [spawn_link(fun() ->
        receive go -> ok end,
        lists:foreach(Fun, Keys),
        Parent ! {self(), done}
    end) || Keys <- Lists],
    Begin = erlang:monotonic_time(nanosecond),
    [Worker ! go || Worker <- Workers],
    [receive {Worker, done} -> ok end || Worker <- Workers],
    erlang:monotonic_time(nanosecond) - Begin.

row(Type, Records, Rounds) ->
    rand:seed(exsss, {1, 2, 3}),
    Table = ets:new(speed, [Type, public]),
    Text = <<"thirty-two bytes of binary here.">>,
    Keys = shuffled(Records),
    Insert = each(fun(K) -> ets:insert(Table, {K, K, Text}) end, Keys),
    Bytes = (ets:info(Table, memory) * 8) / Records,
    Figures = [begin
        Shuffled = shuffled(Records),
        Absent = [K + Records || K <- Shuffled],
        [each(fun(K) -> ets:lookup(Table, K) end, Shuffled),
         each(fun(K) -> ets:lookup(Table, K) end, Absent),
         each(fun(K) -> ets:insert(Table, {K, K + Round, Text}) end, Shuffled),
         each(fun(K) -> ets:update_counter(Table, K, {2, 1}) end, Shuffled)]
    end || Round <- lists:seq(1, Rounds)],
    [Hit, Miss, Overwrite, Count] = [median([lists:nth(I, F) || F <- Figures]) || I <- [1, 2, 3, 4]],
    Delete = each(fun(K) -> ets:delete(Table, K) end, Keys),
    io:format("~-30s ~8w ~8w ~8w ~10w ~8w ~8w ~10.1f~n",
              ["ETS " ++ atom_to_list(Type) ++ ", OTP " ++ erlang:system_info(otp_release), round(Hit), round(Miss), round(Insert),
               round(Overwrite), round(Count), round(Delete), Bytes]),
    ets:delete(Table).

shuffled(N) -> [K || {_, K} <- lists:sort([{rand:uniform(), K} || K <- lists:seq(0, N - 1)])].

each(Fun, Keys) ->
    erlang:garbage_collect(),
    Begin = erlang:monotonic_time(nanosecond),
    lists:foreach(Fun, Keys),
    (erlang:monotonic_time(nanosecond) - Begin) / length(Keys).

median(Values) -> lists:nth(length(Values) div 2 + 1, lists:sort(Values)).
