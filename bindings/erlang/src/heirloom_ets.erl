%% SPDX-License-Identifier: Apache-2.0
%%
%% The functions of ets, over tables of Heirloom: the same names, arguments, results and errors (ets(3)). docs/erlang.md tells where
%% they differ.
-module(heirloom_ets).

-export([all/0, delete/1, delete/2, delete_all_objects/1, delete_object/2, file2tab/1, file2tab/2, first/1, foldl/3, foldr/3,
         from_dets/2, fun2ms/1, give_away/3, i/0, i/1, i/2, i/3, info/1, info/2, init_table/2, insert/2, insert_new/2,
         is_compiled_ms/1, last/1, lookup/2, lookup_element/3, match/1, match/2, match/3, match_delete/2, match_object/1,
         match_object/2, match_object/3, match_spec_compile/1, match_spec_run/2, member/2, new/2, next/2, prev/2, rename/2,
         repair_continuation/2, safe_fixtable/2, select/1, select/2, select/3, select_count/2, select_delete/2,
         select_replace/2, select_reverse/1, select_reverse/2, select_reverse/3, setopts/2, slot/2, tab2file/2, tab2file/3,
         tab2list/1, table/1, table/2, tabfile_info/1, take/2, test_ms/2, to_dets/2, update_counter/3, update_counter/4,
         update_element/3, whereis/1]).
-if(?OTP_RELEASE >= 26).
-export([lookup_element/4]).
-endif.
-if(?OTP_RELEASE >= 27).
-export([first_lookup/1, last_lookup/1, next_lookup/2, prev_lookup/2, update_element/4]).
-endif.

%% The result, or the error, raised for the function that the macro is used in: as its own.
-define(DO(Call, Arguments),
        case Call of
            {ok, Result__} -> Result__;
            Error__ -> erlang:error(heirloom_tables:reason(Error__), Arguments, heirloom_tables:options(Error__))
        end).
-define(READ(Table, Function, Behind), ?DO(heirloom_tables:call(Table, read, Function, Behind), [Table | Behind])).
-define(WRITE(Table, Function, Behind), ?DO(heirloom_tables:call(Table, write, Function, Behind), [Table | Behind])).
-define(READ_LONG(Table, Function, Behind), ?DO(heirloom_tables:call_long(Table, read, Function, Behind), [Table | Behind])).
-define(WRITE_LONG(Table, Function, Behind), ?DO(heirloom_tables:call_long(Table, write, Function, Behind), [Table | Behind])).

%% How many objects are inserted in the calling process, all at once: in less than half a millisecond, mostly.
-define(OBJECTS_AT_ONCE, 100).
-define(INSERT(Table, Function, Objects),
        case is_short(Objects, ?OBJECTS_AT_ONCE) of
            true -> ?WRITE(Table, Function, [Objects]);
            false -> ?WRITE_LONG(Table, Function, [Objects])
        end).

%% On the quick way, which says slow where it has done nothing.
-define(QUICKLY(Call, Slowly), case Call of slow -> Slowly; Quick__ -> Quick__ end).

%% ------------------------------------------------------------------------------------------------------------------- tables

new(Name, Options) -> ?DO(heirloom_tables:make(Name, Options), [Name, Options]).
delete(Table) -> ?DO(heirloom_tables:delete(Table), [Table]).
rename(Table, Name) -> ?DO(heirloom_tables:rename(Table, Name), [Table, Name]).
give_away(Table, Pid, Gift) -> ?DO(heirloom_tables:give_away(Table, Pid, Gift), [Table, Pid, Gift]).
setopts(Table, Options) -> ?DO(heirloom_tables:setopts(Table, Options), [Table, Options]).
safe_fixtable(Table, Fix) -> ?DO(heirloom_tables:fix(Table, Fix), [Table, Fix]).
whereis(Name) -> ?DO(heirloom_tables:whereis(Name), [Name]).
info(Table) -> ?DO(heirloom_tables:info(Table), [Table]).
info(Table, Item) -> ?DO(heirloom_tables:info(Table, Item), [Table, Item]).
all() -> heirloom_tables:all().

%% ------------------------------------------------------------------------------------------------------------------ objects

insert(Table, Objects) -> ?QUICKLY(heirloom_nif:insert(Table, Objects), ?INSERT(Table, insert, Objects)).
insert_new(Table, Objects) -> ?INSERT(Table, insert_new, Objects).

is_short([_ | Objects], More) -> More > 0 andalso is_short(Objects, More - 1);
is_short(_, _) -> true.

lookup(Table, Key) -> ?QUICKLY(heirloom_nif:lookup(Table, Key), ?READ(Table, lookup, [Key])).
member(Table, Key) -> ?QUICKLY(heirloom_nif:member(Table, Key), ?READ(Table, member, [Key])).
lookup_element(Table, Key, Position) -> ?READ(Table, lookup_element, [Key, Position]).
-if(?OTP_RELEASE >= 26).
lookup_element(Table, Key, Position, Default) -> ?READ(Table, lookup_element, [Key, Position, Default]).
-endif.
delete(Table, Key) -> ?QUICKLY(heirloom_nif:erase(Table, Key), ?WRITE(Table, delete, [Key])).
delete_object(Table, Object) -> ?WRITE(Table, delete_object, [Object]).
delete_all_objects(Table) -> ?WRITE_LONG(Table, delete_all_objects, []).
take(Table, Key) -> ?WRITE(Table, take, [Key]).
update_counter(Table, Key, Update) ->
    ?QUICKLY(heirloom_nif:add(Table, Key, Update), ?WRITE(Table, update_counter, [Key, Update])).
update_counter(Table, Key, Update, Default) -> ?WRITE(Table, update_counter, [Key, Update, Default]).
update_element(Table, Key, Update) -> ?WRITE(Table, update_element, [Key, Update]).
-if(?OTP_RELEASE >= 27).
update_element(Table, Key, Update, Default) -> ?WRITE(Table, update_element, [Key, Update, Default]).
-endif.

%% ---------------------------------------------------------------------------------------------------------------- traversal

first(Table) -> ?READ(Table, first, []).
last(Table) -> ?READ(Table, last, []).
next(Table, Key) -> ?DO(heirloom_tables:beside(Table, next, Key), [Table, Key]).
prev(Table, Key) -> ?DO(heirloom_tables:beside(Table, prev, Key), [Table, Key]).
-if(?OTP_RELEASE >= 27).
first_lookup(Table) -> ?READ(Table, first_lookup, []).
last_lookup(Table) -> ?READ(Table, last_lookup, []).
next_lookup(Table, Key) -> ?READ(Table, next_lookup, [Key]).
prev_lookup(Table, Key) -> ?READ(Table, prev_lookup, [Key]).
-endif.
slot(Table, Slot) -> ?READ_LONG(Table, slot, [Slot]).
tab2list(Table) -> ?DO(heirloom_tables:select(Table, match_object, '_'), [Table]).

%% As ets does it: key by key, and the objects of each key from the first to the last, or back.
foldl(Function, Accumulator, Table) ->
    fold(Table, [Function, Accumulator, Table], first_lookup, next_lookup, Accumulator,
         fun(Objects, Before) -> lists:foldl(Function, Before, Objects) end).

foldr(Function, Accumulator, Table) ->
    {First, Next} = case heirloom_tables:info(Table, type) of
                        {ok, ordered_set} -> {last_lookup, prev_lookup};
                        _ -> {first_lookup, next_lookup}
                    end,
    fold(Table, [Function, Accumulator, Table], First, Next, Accumulator,
         fun(Objects, Before) -> lists:foldr(Function, Before, Objects) end).

fold(Table, _Arguments, First, Next, Accumulator, Add) ->
    safe_fixtable(Table, true),
    try fold_on(Table, Next, ?READ(Table, First, []), Accumulator, Add)
    after catch safe_fixtable(Table, false)
    end.

fold_on(_Table, _Next, '$end_of_table', Accumulator, _Add) -> Accumulator;
fold_on(Table, Next, {Key, Objects}, Accumulator, Add) ->
    More = Add(Objects, Accumulator),
    fold_on(Table, Next, ?READ(Table, Next, [Key]), More, Add).

%% As in ets, what ends it is an exit, and whoever reads is told to close what it reads from.
init_table(Table, Fun) ->
    ?DO(heirloom_tables:call_long(Table, write, delete_all_objects, []), [Table, Fun]),
    init_on(Table, Fun(read)).

init_on(_Table, end_of_input) -> true;
init_on(Table, {Objects, Next}) when is_list(Objects), is_function(Next) ->
    try insert_each(Table, Objects)
    catch error:Reason:Stack ->
            _ = (catch Next(close)),
            exit({Reason, Stack})
    end,
    init_on(Table, Next(read));
init_on(_Table, Other) -> exit(Other).

insert_each(Table, Objects) -> lists:foreach(fun(Object) -> insert(Table, Object) end, Objects).

%% ------------------------------------------------------------------------------------------------------ queries (qlc), and i/0

table(Table) -> table(Table, []).
table(Table, Options) ->
    case query_options(Options, select, 100) of
        {Traverse, Objects} ->
            qlc:table(traverse(Table, Traverse, Objects),
                      [{pre_fun, fun(_) -> safe_fixtable(Table, true) end}, {post_fun, fun() -> safe_fixtable(Table, false) end},
                       {info_fun, fun(Tag) -> query_info(Table, Tag) end}, {key_equality, key_equality(Table)},
                       {lookup_fun, lookup_fun(Traverse, Table)}, {format_fun, fun(_) -> query_text(Table, Options) end}]);
        none -> erlang:error(badarg, [Table, Options], heirloom_tables:options({error, badarg, <<>>}))
    end.

query_options([], Traverse, Objects) -> {Traverse, Objects};
query_options([{traverse, Traverse} | Options], _, Objects)
  when Traverse =:= select; Traverse =:= first_next; Traverse =:= last_prev -> query_options(Options, Traverse, Objects);
query_options([{traverse, {select, _} = Traverse} | Options], _, Objects) -> query_options(Options, Traverse, Objects);
query_options([{n_objects, default} | Options], Traverse, _) -> query_options(Options, Traverse, 100);
query_options([{n_objects, Objects} | Options], Traverse, _) when is_integer(Objects), Objects > 0 ->
    query_options(Options, Traverse, Objects);
query_options(Option, Traverse, Objects) when is_tuple(Option); is_atom(Option) -> query_options([Option], Traverse, Objects);
query_options(_, _, _) -> none.

traverse(Table, first_next, _) -> fun() -> keys_on(Table, next, first(Table)) end;
traverse(Table, last_prev, _) -> fun() -> keys_on(Table, prev, last(Table)) end;
traverse(Table, select, Objects) -> fun(Spec) -> chunks_on(select(Table, Spec, Objects)) end;
traverse(Table, {select, Spec}, Objects) -> fun() -> chunks_on(select(Table, Spec, Objects)) end.

keys_on(_Table, _Next, '$end_of_table') -> [];
keys_on(Table, Next, Key) -> lookup(Table, Key) ++ fun() -> keys_on(Table, Next, ?MODULE:Next(Table, Key)) end.

chunks_on('$end_of_table') -> [];
chunks_on({Matches, Continuation}) -> Matches ++ fun() -> chunks_on(select(Continuation)) end.

query_info(Table, indices) -> [info(Table, keypos)];
query_info(Table, is_unique_objects) -> info(Table, type) =/= duplicate_bag;
query_info(Table, keypos) -> info(Table, keypos);
query_info(Table, num_of_objects) -> info(Table, size);
query_info(Table, is_sorted_key) -> info(Table, type) =:= ordered_set;
query_info(_Table, _) -> undefined.

key_equality(Table) ->
    case info(Table, type) of
        ordered_set -> '==';
        _ -> '=:='
    end.

lookup_fun({select, _}, _Table) -> undefined;
lookup_fun(_, Table) -> fun(_Position, Keys) -> lists:flatmap(fun(Key) -> lookup(Table, Key) end, Keys) end.

query_text(Table, Options) -> io_lib:format("~s:table(~0tp, ~0tp)", [?MODULE, Table, Options]).

i() ->
    Line = " ~-15ts ~-17ts ~-11ts ~-10ts ~-10ts ~ts~n",
    io:format(Line, ["id", "name", "type", "size", "mem", "owner"]),
    io:put_chars([" ", lists:duplicate(76, $-), $\n]),
    [io:format(Line, [io_lib:format("~0tp", [Item]) || Item <- [Table | [info(Table, Which) || Which <- [name, type, size, memory, owner]]]])
     || Table <- lists:sort(all()), info(Table, size) =/= undefined],
    ok.

i(Table) -> i(Table, 40).
i(Table, Height) -> i(Table, Height, 80).
i(Table, Height, Width) ->
    ?DO(heirloom_tables:call(Table, read, first, []), [Table, Height, Width]),
    browse(select(Table, [{'_', [], ['$_']}], Height), Height, Width, 1, none).

%% The keys of ets:i/3: p and k have a meaning only there where they edit, and here end nothing.
browse('$end_of_table', _Height, _Width, _Number, _Pattern) -> io:put_chars("EOT\n");
browse({Objects, Continuation}, Height, Width, Number, Pattern) ->
    Next = lists:foldl(fun(Object, N) -> show(Object, Width, N, Pattern), N + 1 end, Number, Objects),
    case io:get_line("EOT: (q)uit (c)ontinue /Regexp -->") of
        "c\n" -> browse(select(Continuation), Height, Width, Next, Pattern);
        [$/ | Regexp] ->
            case re:compile(string:trim(Regexp), [unicode]) of
                {ok, Compiled} -> browse(select(Continuation), Height, Width, Next, Compiled);
                {error, {Why, _}} ->
                    io:format("~ts~n", [Why]),
                    browse(select(Continuation), Height, Width, Next, Pattern)
            end;
        _ -> ok
    end.

show(Object, Width, Number, Pattern) ->
    Text = io_lib:format("~0tp", [Object]),
    case Pattern =:= none orelse re:run(Text, Pattern, [{capture, none}]) =:= match of
        true -> io:format("<~-4w> ~ts~n", [Number, string:slice(Text, 0, max(1, Width - 8))]);
        false -> ok
    end.

%% ------------------------------------------------------------------------------------------------------------------- select

-define(SELECT(Table, Function, What), ?DO(heirloom_tables:select(Table, Function, What), [Table, What])).
-define(SELECT_BY(Table, Function, Spec), ?DO(heirloom_tables:select(Table, Function, heirloom_tables:spec(Spec)), [Table, Spec])).
-define(CHUNK(Table, Function, What, Limit), ?DO(heirloom_tables:select_chunk(Table, Function, What, Limit), [Table, What, Limit])).
-define(CHUNK_BY(Table, Function, Spec, Limit),
        ?DO(heirloom_tables:select_chunk(Table, Function, heirloom_tables:spec(Spec), Limit), [Table, Spec, Limit])).

select(Table, Spec) -> ?SELECT_BY(Table, select, Spec).
select(Table, Spec, Limit) -> ?CHUNK_BY(Table, select, Spec, Limit).
select(Continuation) -> ?DO(next_chunk(Continuation), [Continuation]).
select_reverse(Table, Spec) -> ?SELECT_BY(Table, select_reverse, Spec).
select_reverse(Table, Spec, Limit) -> ?CHUNK_BY(Table, select_reverse, Spec, Limit).
select_reverse(Continuation) -> ?DO(next_chunk(Continuation), [Continuation]).
select_count(Table, Spec) -> ?SELECT_BY(Table, select_count, Spec).
select_delete(Table, Spec) -> ?SELECT_BY(Table, select_delete, Spec).
select_replace(Table, Spec) -> ?SELECT_BY(Table, select_replace, Spec).
match(Table, Pattern) -> ?SELECT(Table, match, Pattern).
match(Table, Pattern, Limit) -> ?CHUNK(Table, match, Pattern, Limit).
match(Continuation) -> ?DO(next_chunk(Continuation), [Continuation]).
match_object(Table, Pattern) -> ?SELECT(Table, match_object, Pattern).
match_object(Table, Pattern, Limit) -> ?CHUNK(Table, match_object, Pattern, Limit).
match_object(Continuation) -> ?DO(next_chunk(Continuation), [Continuation]).
match_delete(Table, Pattern) -> ?DO(heirloom_tables:match_delete(Table, Pattern), [Table, Pattern]).

next_chunk('$end_of_table') -> {ok, '$end_of_table'};
next_chunk({Table, Rest}) -> heirloom_tables:select_rest(Table, Rest);
next_chunk(_) -> {error, badarg, <<>>}.

repair_continuation('$end_of_table' = Continuation, _Spec) -> Continuation;
repair_continuation({_Table, _Rest} = Continuation, _Spec) -> Continuation.

%% What has to do with no table is ets' own.
fun2ms(Fun) -> ets:fun2ms(Fun).
test_ms(Term, Spec) -> ets:test_ms(Term, Spec).
match_spec_compile(Spec) ->
    try ets:match_spec_compile(Spec)
    catch error:Reason -> erlang:error(Reason, [Spec], heirloom_tables:options({error, badarg, <<>>}))
    end.
match_spec_run(Terms, Compiled) ->
    try ets:match_spec_run(Terms, Compiled)
    catch error:Reason -> erlang:error(Reason, [Terms, Compiled], heirloom_tables:options({error, badarg, <<>>}))
    end.
is_compiled_ms(Term) -> ets:is_compiled_ms(Term).

%% -------------------------------------------------------------------------------------------------------------------- files

tab2file(Table, File) -> tab2file(Table, File, []).
tab2file(Table, File, Options) ->
    case heirloom_tables:info(Table, named_table) of
        {ok, false} -> with_copy(Table, File, Options);
        _ -> with_library(Table, File, Options)
    end.

with_library(Table, File, Options) ->
    case heirloom_tables:call_long(Table, read, tab2file, [File, Options]) of
        {ok, Result} -> Result;
        {error, Code, _} when Code =:= id; Code =:= type -> {error, badtab};
        Error -> erlang:error(heirloom_tables:reason(Error), [Table, File, Options], heirloom_tables:options(Error))
    end.

%% By way of a table of ets, which has the name that this one only seems to have.
with_copy(Table, File, Options) ->
    Of = fun(Item) -> info(Table, Item) end,
    Copy = ets:new(Of(name), [Of(type), Of(protection), {keypos, Of(keypos)}]),
    try
        true = foldl(fun(Object, true) -> ets:insert(Copy, Object) end, true, Table),
        ets:tab2file(Copy, File, Options)
    after ets:delete(Copy)
    end.

tabfile_info(File) -> ets:tabfile_info(File).

file2tab(File) -> file2tab(File, []).
%% By way of a table of ets, which looks at the file as ets does, and has no name. ets deletes it if the file is not what it should be.
file2tab(File, Options) ->
    case ets:tabfile_info(File) of
        {ok, Info} ->
            Of = fun(Item) -> proplists:get_value(Item, Info) end,
            through_ets([Of(type), {keypos, Of(keypos)}], File, Options,
                        fun(From) ->
                                from_ets(From, Of(name), [Of(type), Of(protection), {keypos, Of(keypos)} |
                                                          [named_table || Of(named_table)] ++ further_options(File)])
                        end);
        _ -> through_ets([], File, Options, fun(From) -> {ok, From} end)
    end.

through_ets(As, File, Options, Then) ->
    From = ets:new(loaded, [private | As]),
    try ets:file2tab(File, [{table, From} | Options]) of
        {ok, From} -> Then(From);
        Error -> Error
    after ets:info(From, owner) =:= undefined orelse ets:delete(From)
    end.

%% Of the file's header, what ets:tabfile_info/1 does not tell.
further_options(File) ->
    Log = make_ref(),
    {ok, Log} = disk_log:open([{name, Log}, {file, File}, {mode, read_only}]),
    try
        [Header | _] = element(2, disk_log:chunk(Log, start, 1)),
        lists:flatmap(fun({compressed, true}) -> [compressed];
                         ({Item, _} = Option) when Item =:= write_concurrency; Item =:= read_concurrency -> [Option];
                         (_) -> []
                      end, tuple_to_list(Header))
    after disk_log:close(Log)
    end.

from_ets(From, Name, Options) ->
    try new(Name, Options) of
        Table ->
            try
                from_chunks(Table, ets:match_object(From, '_', 100)),
                {ok, Table}
            catch Class:Reason:Stack ->
                    delete(Table),
                    erlang:raise(Class, Reason, Stack)
            end
    catch error:badarg -> {error, cannot_create_table}
    end.

from_chunks(_Table, '$end_of_table') -> true;
from_chunks(Table, {Objects, Continuation}) ->
    insert(Table, Objects),
    from_chunks(Table, ets:match_object(Continuation)).

to_dets(Table, Dets) ->
    try
        _ = first(Table),
        ok = dets:delete_all_objects(Dets),
        ok = foldl(fun(Object, ok) -> dets:insert(Dets, Object) end, ok, Table),
        Dets
    catch error:_ -> erlang:error(badarg, [Table, Dets], heirloom_tables:options({error, badarg, <<>>}))
    end.

from_dets(Table, Dets) ->
    try
        true = insert(Table, []),
        true = dets:foldl(fun(Object, true) -> insert(Table, Object) end, true, Dets)
    catch error:_ -> erlang:error(badarg, [Table, Dets], heirloom_tables:options({error, badarg, <<>>}))
    end.
