%% SPDX-License-Identifier: Apache-2.0
%%
%% What heirloom_ets and heirloom are made of: tables of the library, each with its shadow in ets (c_src/registry.hpp).
%%
%% Every function returns {ok, Result}, or {error, Cause, Text}. Causes that ets has become badarg with that cause; the others are
%% errors of their own, {heirloom, Cause, Text}.
-module(heirloom_tables).

-export([all/0, beside/3, call/4, call_long/4, delete/1, fix/2, give_away/3, info/1, info/2, make/2, match_delete/2, node_table/2,
         rename/2, select/3, select_chunk/4, select_rest/2, setopts/2, spec/1, settle/1, whereis/1]).
-export([options/1, reason/1]).

%% ------------------------------------------------------------------------------------------------------------------- errors

reason({error, system_limit, _}) -> system_limit;
reason({error, Code, Text}) ->
    case is_cause_of_ets(Code) of
        true -> badarg;
        false -> {heirloom, Code, Text}
    end.

%% For erlang:error/3.
options({error, Code, Text}) -> [{error_info, #{module => heirloom_errors, cause => cause(Code), text => Text}}].

cause(Code) ->
    case is_cause_of_ets(Code) andalso Code =/= badarg of
        true -> Code;
        false -> none
    end.

is_cause_of_ets(Code) ->
    lists:member(Code, [badarg, type, id, access, badkey, keypos, position, owner, not_owner, table_type, already_exists,
                        already_owned, none]).

%% What ets said of a shadow.
caught(Stack) ->
    case Stack of
        [{_, _, _, Info} | _] ->
            case proplists:get_value(error_info, Info) of
                #{cause := Cause} -> {error, Cause, <<>>};
                _ -> {error, badarg, <<>>}
            end;
        _ -> {error, badarg, <<>>}
    end.

of_shadow(Call) ->
    try {ok, Call()}
    catch error:badarg:Stack -> caught(Stack)
    end.

%% And what is to be done when it has done it.
of_shadow(Call, Then) ->
    Result = of_shadow(Call),
    _ = element(1, Result) =:= ok andalso Then(),
    Result.

%% ----------------------------------------------------------------------------------------------------------------- resolving

%% Before it sleeps for a lock.
-define(YIELDS, 10).

call(Key, Right, Function, Arguments) ->
    Call = fun() -> heirloom_nif:call(Key, Right, Function, Arguments) end,
    case resolved(Key, fun() -> unless_busy(Call, ?YIELDS) end) of
        %% Without waiting no room was made.
        {error, full, _} -> call_long(Key, Right, Function, Arguments);
        Result -> as_ets_says(Function, Arguments, Result)
    end.
%% Of the table that has this name now, whatever its name is when a dirty scheduler comes to it.
call_long(Name, Right, Function, Arguments) ->
    Key = named_now(Name),
    as_ets_says(Function, Arguments, resolved(Key, fun() -> heirloom_nif:call_long(Key, Right, Function, Arguments) end)).

named_now(Name) when is_atom(Name) ->
    case opened(Name) of
        {table, _, Tid, Which} when Which =/= guest -> Tid;
        _ -> Name
    end;
named_now(Table) -> Table.

%% The library names causes where ets is silent.
as_ets_says(lookup_element, _, {error, position, Text}) -> {error, badarg, Text};
as_ets_says(Function, _, {error, badkey, Text}) when Function =:= next; Function =:= prev -> {error, badarg, Text};
as_ets_says(update_element, _, {error, Cause, Text}) when Cause =:= position; Cause =:= table_type -> {error, badarg, Text};
as_ets_says(update_counter, [_, Updates | _], {error, Cause, Text} = Error) when Cause =:= position; Cause =:= keypos ->
    case lists:all(fun(Update) -> is_integer(increment(Update)) end, lists:flatten([Updates])) of
        true -> Error;
        false -> {error, badarg, Text}
    end;
as_ets_says(_, _, Result) -> Result.

increment(Update) when tuple_size(Update) > 1 -> element(2, Update);
increment(Update) -> Update.

%% next/2 and prev/2. Of an ordered_set of ets, what stands for the end is no key.
beside(Table, Function, '$end_of_table' = Key) ->
    case {call(Table, read, Function, [Key]), opened(Table)} of
        {{ok, _} = Result, {table, Opened, _, _}} ->
            case heirloom_nif:type(Opened) of
                ordered_set -> {error, badarg, <<>>};
                _ -> Result
            end;
        {Result, _} -> Result
    end;
beside(Table, Function, Key) -> call(Table, read, Function, [Key]).

%% The matches, or how many objects it was.
select(Key, Function, What) ->
    case gone_on(resolved(Key, fun() -> heirloom_nif:select(Key, Function, What) end), none, ?YIELDS) of
        {ok, Found} when is_list(Found) -> {ok, lists:reverse(Found)};
        Other -> Other
    end.

match_delete(Key, Pattern) ->
    case select(Key, match_delete, Pattern) of
        {ok, _} -> {ok, true};
        Error -> Error
    end.

%% From where it was.
gone_on({busy, _, Done} = Busy, Before, _) when Done =/= Before -> gone_on(Busy, Done, ?YIELDS);
gone_on({busy, Selecting, Done}, Done, Yields) ->
    give_way(Yields),
    gone_on(heirloom_nif:change_on(Selecting), Done, Yields - 1);
gone_on(Result, _, _) -> Result.

%% {Matches, Continuation}, or '$end_of_table'. A continuation is {Table, What the library goes on by}: a term, which holds its specification as
%% it was written. As in ets, it goes on in the same table whatever its name is by then, but in an ordered_set in the table of that name.
select_chunk(Table, Function, What, Limit) ->
    Key = continued(Table),
    chunk_of(Key, fun() -> heirloom_nif:select_chunk(Key, Function, What, Limit) end).
select_rest(Key, Rest) -> chunk_of(Key, fun() -> heirloom_nif:select_rest(Key, Rest) end).

continued(Name) when is_atom(Name) ->
    case opened(Name) of
        {table, Opened, Tid, Which} when Which =/= guest ->
            case heirloom_nif:type(Opened) of
                ordered_set -> Name;
                _ -> Tid
            end;
        _ -> Name
    end;
continued(Table) -> Table.

chunk_of(Key, Call) ->
    case resolved(Key, Call) of
        {ok, {Found, '$end_of_table' = End}} -> {ok, {lists:reverse(Found), End}};
        {ok, {Found, Rest}} -> {ok, {lists:reverse(Found), {Key, Rest}}};
        Other -> Other
    end.

%% What only the VM knows, in guards and bodies: for the library, {self} is the VM.
spec(Spec) ->
    case asks(Spec) of
        true ->
            try lists:map(fun({Head, Guards, Body}) -> {Head, answered(Guards), answered(Body)};
                             (Other) -> Other
                          end, Spec)
            catch error:_ -> Spec
            end;
        false -> Spec
    end.

%% {{...}} is a tuple that is made of what is in it.
asks({Made}) when is_tuple(Made) -> asks(tuple_to_list(Made));
asks({self}) -> true;
asks({node}) -> true;
asks({const, _}) -> false;
asks([Head | Tail]) -> asks(Head) orelse asks(Tail);
asks(Tuple) when is_tuple(Tuple) -> asks(tuple_to_list(Tuple));
asks(Map) when is_map(Map) -> asks(maps:to_list(Map));
asks(_) -> false.

answered({Made}) when is_tuple(Made) -> {list_to_tuple(answered(tuple_to_list(Made)))};
answered({self}) -> {const, self()};
answered({node}) -> {const, node()};
answered({const, _} = Constant) -> Constant;
answered([Head | Tail]) -> [answered(Head) | answered(Tail)];
answered(Tuple) when is_tuple(Tuple) -> list_to_tuple(answered(tuple_to_list(Tuple)));
answered(Map) when is_map(Map) -> maps:from_list([{answered(Key), answered(Value)} || {Key, Value} <- maps:to_list(Map)]);
answered(Other) -> Other.

%% Who has the lock is done with it in a moment, or is stopped, and may be for long: no scheduler waits for it, only this process.
unless_busy(Call, Yields) ->
    case Call() of
        {error, busy, _} ->
            give_way(Yields),
            unless_busy(Call, Yields - 1);
        Result -> Result
    end.

give_way(Yields) when Yields > 0 -> erlang:yield();
give_way(_) -> receive after 1 -> ok end.

resolved(Key, Call) ->
    case Call() of
        {ok, _} = Ok -> Ok;
        unknown -> unknown(Key, Call);
        {unsettled, Tid} ->
            _ = settle(Tid),
            resolved(Key, Call);
        {error, id, _} = Error ->
            case heirloom_nif:evict(Key) of
                true -> unknown(Key, Call);
                false -> Error
            end;
        Error -> Error
    end.

unknown(Key, Call) when is_atom(Key) ->
    case heirloom_nif:guest(Key) of
        true -> Call();
        false ->
            %% One that is being made, or changes its name, is neither a guest nor known for a moment.
            case Call() of
                unknown -> {error, id, <<>>};
                {unsettled, _} -> {error, id, <<>>};
                Result -> Result
            end;
        Error -> Error
    end;
unknown(Key, _Call) when is_reference(Key) ->
    %% ets knows a reference that was a table's from one that never was.
    try ets:info(Key, owner) of
        _ -> {error, id, <<>>}
    catch error:badarg -> {error, type, <<>>}
    end;
unknown(_Key, _Call) -> {error, type, <<>>}.

%% Asks the shadow who the owner is by now. A table that nobody owns is gone, but a node table only from here. By the identifier of the
%% shadow, which is given once: a name may be another table's by now.
settle(Tid) ->
    case ets:info(Tid, owner) of
        undefined ->
            _ = heirloom_nif:remove(Tid, ownerless),
            undefined;
        Owner ->
            case heirloom_nif:inherited(Tid, Owner) of
                true -> ok;
                %% It dies at this moment, and its tables go next.
                false -> is_process_alive(Owner) orelse receive after 1 -> ok end
            end,
            Owner
    end.

%% Of a table of another program, or of one with a shadow; or an error.
on_table(Key, OfGuest, OfOwn) ->
    case opened(Key) of
        {table, Opened, [], guest} -> OfGuest(Opened);
        {table, Opened, Tid, _} -> OfOwn(Opened, Tid);
        Error -> Error
    end.

%% {table, Opened, Tid, Which} of a table whose owner lives, or an error.
opened(Key) ->
    case heirloom_nif:find(Key) of
        {table, _, [], guest} = Guest -> Guest;
        {table, _, Tid, _} = Found ->
            case ets:info(Tid, owner) of
                undefined ->
                    _ = settle(Tid),
                    unknown(Key, fun() -> heirloom_nif:find(Key) end);
                _ -> Found
            end;
        unknown -> unknown(Key, fun() -> heirloom_nif:find(Key) end)
    end.

%% ------------------------------------------------------------------------------------------------------------------ new tables

make(Name, Options) when is_atom(Name), is_list(Options) ->
    case split(Options) of
        {Shadow, Others} ->
            case lists:member(named_table, Shadow) of
                true ->
                    _ = opened_locally(Name),
                    made(owned, Name, Name, Shadow, Others);
                %% Under a name of its own, which comes back when the table has gone: atoms stay for ever.
                false -> made(unnamed, Name, Name, Shadow, Others)
            end;
        Error -> Error
    end;
make(_, _) -> {error, badarg, <<>>}.

%% An owner that has died leaves its name free.
opened_locally(Name) ->
    case heirloom_nif:find(Name) of
        {table, _, [], _} -> ok;
        {table, _, Tid, _} -> settle(Tid);
        unknown -> ok
    end.

node_table(Name, Options) when is_atom(Name), is_list(Options) ->
    _ = opened_locally(Name),
    case {heirloom_nif:find(Name), split([named_table | Options])} of
        {_, {error, _, _} = Error} -> Error;
        {{table, _, _, Which}, _} when Which =/= guest -> {error, already_owned, <<>>};
        {_, {Shadow, Others}} ->
            _ = heirloom_nif:evict(Name),
            case made(node_table, Name, Name, lists:usort(Shadow), Others) of
                {error, already_owned, _} = Error ->
                    %% Its owner may have died meanwhile.
                    case opened_locally(Name) of
                        undefined -> node_table(Name, Options);
                        _ -> Error
                    end;
                {error, id, _} -> node_table(Name, Options);
                Made -> Made
            end
    end;
node_table(_, _) -> {error, badarg, <<>>}.

made(Which, Name, Stored, Shadow, Others) ->
    case heirloom_keeper:make(Which, Stored, Others, self()) of
        {ok, Opened} ->
            case of_shadow(fun() -> ets:new(Name, Shadow) end) of
                {ok, Key} ->
                    Tid = case Key of
                              Name -> ets:whereis(Name);
                              _ -> Key
                          end,
                    try heirloom_keeper:adopt(Opened, lists:usort([Key, Tid]), Tid, ets:info(Tid, protection), Which) of
                        ok -> {ok, Key};
                        Error ->
                            true = ets:delete(Tid),
                            Error
                    catch exit:Reason ->
                            true = ets:delete(Tid),
                            exit(Reason)
                    end;
                Error ->
                    ok = heirloom_keeper:forget(Opened),
                    lost(Which, Error)
            end;
        Error -> Error
    end.

%% Whoever has the name of a node table claimed it a moment ago.
lost(node_table, {error, already_exists, Text}) -> {error, already_owned, Text};
lost(_Which, Error) -> Error.

%% What the shadow is made with, and what the table.
split(Options) ->
    try lists:partition(fun is_of_shadow/1, Options) of
        {Shadow, Others} -> {Shadow, Others ++ [Option || Option <- Shadow, is_protection(Option)]}
    catch error:_ -> {error, badarg, <<>>}
    end.

is_of_shadow(named_table) -> true;
is_of_shadow({heir, _, _}) -> true;
is_of_shadow({heir, _}) -> true;
is_of_shadow(Option) -> is_protection(Option).

is_protection(Option) -> Option =:= public orelse Option =:= protected orelse Option =:= private.

%% ------------------------------------------------------------------------------------------------------------ whole tables

delete(Key) ->
    on_table(Key,
             fun(Opened) ->
                 case heirloom_nif:drop(Opened) of
                     ok -> {ok, true};
                     Error -> Error
                 end
             end,
             fun(_, Tid) -> of_shadow(fun() -> ets:delete(Tid) end, fun() -> heirloom_nif:remove(Tid, deleted) end) end).

give_away(Key, Pid, Gift) ->
    on_table(Key,
             fun(_) -> {error, not_owner, <<>>} end,
             fun(_, Tid) ->
                 %% Before the receiver is told, so that it may write as soon as it is.
                 Mine = is_pid(Pid) andalso node(Pid) =:= node() andalso ets:info(Tid, owner) =:= self(),
                 _ = Mine andalso heirloom_nif:give(Tid, Pid),
                 Given = of_shadow(fun() -> ets:give_away(Tid, Pid, Gift) end, fun() -> heirloom_keeper:watch(Pid, Tid) end),
                 _ = Mine andalso element(1, Given) =:= error andalso heirloom_nif:give(Tid, self()),
                 Given
             end).

setopts(Key, Options) ->
    on_table(Key,
             fun(_) -> {error, not_owner, <<>>} end,
             fun(_, Tid) ->
                 Before = ets:info(Tid, protection),
                 case of_shadow(fun() -> ets:setopts(Tid, Options) end) of
                     {ok, _} = Done -> protected(lists:keyfind(protection, 1, lists:flatten([Options])), Tid, Before, Done);
                     Error -> Error
                 end
             end).

%% For other programs, too.
protected(false, _Tid, _Before, Done) -> Done;
protected({protection, Protection}, Tid, Before, Done) ->
    case heirloom_nif:set_protection(Tid, Protection) of
        ok -> Done;
        Error ->
            _ = of_shadow(fun() -> ets:setopts(Tid, {protection, Before}) end),
            Error
    end.

rename(Key, Name) -> on_table(Key, fun(_) -> {error, access, <<>>} end, fun(Opened, Tid) -> renamed(Key, Opened, Tid, Name) end).

renamed(Key, Opened, Tid, Name) ->
    Named = ets:info(Tid, named_table),
    Before = ets:info(Tid, name),
    case of_shadow(fun() -> ets:rename(Tid, Name) end) of
        {ok, _} when not Named -> {ok, Key};
        {ok, _} ->
            case heirloom_nif:rename(Opened, Name) of
                ok ->
                    heirloom_nif:rename_key(Before, Name),
                    {ok, Name};
                Error ->
                    _ = of_shadow(fun() -> ets:rename(Tid, Before) end),
                    Error
            end;
        Error -> Error
    end.

fix(Key, Fix) ->
    on_table(Key,
             fun(Opened) when is_boolean(Fix) -> heirloom_keeper:fix_guest(Key, Opened, Fix);
                (_) -> {error, badarg, <<>>}
             end,
             fun(_, Tid) -> of_shadow(fun() -> ets:safe_fixtable(Tid, Fix) end, fun() -> heirloom_keeper:fixed(Tid) end) end).

whereis(Name) when is_atom(Name) ->
    case opened(Name) of
        {table, Opened, [], guest} ->
            case heirloom_nif:info(Opened) of
                {error, id, _} ->
                    _ = heirloom_nif:evict(Name),
                    ?MODULE:whereis(Name);
                _ -> {ok, Name}
            end;
        {table, _, Tid, _} -> {ok, Tid};
        _ -> {ok, undefined}
    end;
whereis(_) -> {error, badarg, <<>>}.

all() ->
    [case ets:info(Tid, named_table) of
         true -> ets:info(Tid, name);
         _ -> Tid
     end || Tid <- heirloom_nif:keys(), ets:info(Tid, owner) =/= undefined].

%% --------------------------------------------------------------------------------------------------------------------- info

%% In the order of ets:info/1.
info(Key) ->
    case opened(Key) of
        {table, Opened, Tid, _} ->
            case heirloom_nif:info(Opened) of
                {ok, Library} -> {ok, [{Item, of_item(Item, Value, Tid)} || {Item, Value} <- Library]};
                {error, id, _} -> {ok, undefined};
                Error -> Error
            end;
        {error, id, _} -> {ok, undefined};
        Error -> Error
    end.

info(Key, Item) when is_atom(Item) ->
    case opened(Key) of
        {table, _, Tid, Which} ->
            case is_of_shadow_info(Item) andalso Which =/= guest of
                true -> of_shadow(fun() -> ets:info(Tid, Item) end);
                false ->
                    case info(Key) of
                        {ok, undefined} = None -> None;
                        {ok, Items} ->
                            case lists:keyfind(Item, 1, Items) of
                                {_, Value} -> {ok, Value};
                                false -> call_long(Key, ask, info, [Item])
                            end;
                        Error -> Error
                    end
            end;
        {error, id, _} -> {ok, undefined};
        Error -> Error
    end;
info(Key, _Item) ->
    case opened(Key) of
        {error, id, _} -> {ok, undefined};
        {error, _, _} = Error -> Error;
        _ -> {error, badarg, <<>>}
    end.

of_item(Item, Value, []) ->
    case Item of
        node -> node();
        _ -> Value
    end;
of_item(Item, Value, Tid) ->
    case is_of_shadow_info(Item) of
        true -> ets:info(Tid, Item);
        false -> Value
    end.

is_of_shadow_info(Item) ->
    lists:member(Item, [id, name, owner, heir, named_table, node, protection, fixed, safe_fixed, safe_fixed_monotonic_time]).
