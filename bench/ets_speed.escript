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
    [row(Type, Records, Rounds) || Type <- [set, ordered_set]].

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
