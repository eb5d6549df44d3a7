#!/usr/bin/env escript
%% SPDX-License-Identifier: Apache-2.0
%%
%% The rows of ETS for batches.cpp: the same records, as many in a call.
%%
%%   ets_batches.escript [RECORDS] [ROUNDS]
-mode(compile).

main(Arguments) ->
    {Records, Rounds} = case Arguments of
        [R, N] -> {list_to_integer(R), list_to_integer(N)};
        [R] -> {list_to_integer(R), 3};
        [] -> {1000000, 3}
    end,
    [row(Type, Records, Rounds) || Type <- [set, ordered_set]].

row(Type, Records, Rounds) ->
    Table = ets:new(batches, [Type, public]),
    rand:seed(exsss, {1, 2, 3}),
    Keys = [K || {_, K} <- lists:sort([{rand:uniform(), K} || K <- lists:seq(0, Records - 1)])],
    {Half, Rest} = lists:split(Records div 2, Keys),
    Fill = time(Table, [Half]),
    time(Table, [Rest]),
    Figures = [begin
        Lists = lists_of(Keys, Batch),
        Times = [time(Table, Lists) || _ <- lists:seq(1, Rounds)],
        lists:nth(Rounds div 2 + 1, lists:sort(Times))
    end || Batch <- [1, 10, 100, 1000]],
    io:format("~-34s ~10.1f ~10.1f ~10.1f ~10.1f ~10.1f~n",
              ["ETS " ++ atom_to_list(Type) ++ ", OTP " ++ erlang:system_info(otp_release), Fill | Figures]),
    ets:delete(Table).

lists_of([], _Batch) -> [];
lists_of(Keys, Batch) ->
    {First, Rest} = split(Keys, Batch, []),
    [First | lists_of(Rest, Batch)].

split([Key | Keys], Left, First) when Left > 0 -> split(Keys, Left - 1, [Key | First]);
split(Keys, _Left, First) -> {lists:reverse(First), Keys}.

%% In a process of its own, whose heap is empty; the objects are made in the time, as in batches.cpp.
time(Table, Lists) ->
    Parent = self(),
    spawn_opt(fun() ->
        Text = <<"thirty-two bytes of binary here.">>,
        Begin = erlang:monotonic_time(nanosecond),
        [ets:insert(Table, [{Key, Key, Text} || Key <- List]) || List <- Lists],
        Parent ! {taken, erlang:monotonic_time(nanosecond) - Begin}
    end, [link]),
    receive {taken, Taken} -> Taken / lists:sum([length(List) || List <- Lists]) end.
