%% SPDX-License-Identifier: Apache-2.0
%%
%% heirloom_ets beside ets, by PropEr: any calls on any terms have the same answers; those that have not are made as few and small as
%% they can be. (Debian has PropEr without its header, so its functions are called by their names.)
-module(heirloom_ets_properties).

-include_lib("eunit/include/eunit.hrl").

-import(proper_types, [any/0, atom/0, bind/3, integer/0, integer/2, list/1, oneof/1, range/2, tuple/1, union/1, vector/2, weighted_union/1]).

-define(TESTS, list_to_integer(os:getenv("HEIRLOOM_PROPERTY_TESTS", "300"))).

same_answers_test_() -> holds(fun same_answers/0).
what_goes_in_comes_out_test_() -> holds(fun what_goes_in_comes_out/0).

holds(Property) ->
    {timeout, 600, {atom_to_list(element(2, erlang:fun_info(Property, name))),
                    fun() ->
                        Options = [{numtests, ?TESTS}, {max_size, 30}, quiet, long_result],
                        case proper:quickcheck(Property(), Options) of
                            true -> ok;
                            [Counterexample] -> report(Counterexample);
                            Other -> ?assertEqual(true, Other)
                        end
                    end}}.

report({Type, Keypos, Calls} = Counterexample) ->
    io:format(user, "~0tp~n~0tp~n", [Counterexample, differing(Type, Keypos, Calls)]),
    ?assert(false);
report(Counterexample) ->
    io:format(user, "~0tp~n", [Counterexample]),
    ?assert(false).

%% ---------------------------------------------------------------------------------------------------------------- properties

same_answers() ->
    proper:forall(tuple([type(), oneof([1, 2]), list(call())]),
                  fun({Type, Keypos, Calls}) -> differing(Type, Keypos, Calls) =:= none end).

what_goes_in_comes_out() ->
    proper:forall(any(), fun(Term) ->
        Table = heirloom_ets:new(table, []),
        true = heirloom_ets:insert(Table, {Term, Term}),
        Found = heirloom_ets:lookup(Table, Term),
        heirloom_ets:delete(Table),
        Found =:= [{Term, Term}]
    end).

%% The first call that is answered differently, and how; or none.
differing(Type, Keypos, Calls) ->
    Options = [Type, public, {keypos, Keypos}],
    Theirs = ets:new(table, Options),
    Ours = heirloom_ets:new(table, Options),
    try differing_on(Type, Theirs, Ours, Calls ++ [{tab2list, []}])
    after
        ets:delete(Theirs),
        heirloom_ets:delete(Ours)
    end.

differing_on(_Type, _Theirs, _Ours, []) -> none;
differing_on(Type, Theirs, Ours, [{Function, Arguments} | Calls]) ->
    Wanted = heirloom_beside:answer(ets, Function, [Theirs | Arguments], Type),
    Answer = heirloom_beside:answer(heirloom_ets, Function, [Ours | Arguments], Type),
    case Answer of
        Wanted -> differing_on(Type, Theirs, Ours, Calls);
        _ -> {Function, Arguments, {ets, Wanted}, {heirloom_ets, Answer}}
    end.

%% ---------------------------------------------------------------------------------------------------------------- generators

type() -> oneof([set, ordered_set, bag, duplicate_bag]).

%% Few keys, so that calls meet, and now and then any.
key() -> weighted_union([{8, oneof([1, 2, 1.0, a, <<"b">>, {t, 1}, []])}, {1, any()}]).
value() -> weighted_union([{3, integer()}, {1, any()}]).
object() -> weighted_union([{8, tuple([key(), key(), value()])}, {2, tuple([key(), key()])}, {1, tuple([key(), key(), value(), any()])}]).
objects() -> weighted_union([{6, object()}, {3, list(object())}, {1, any()}]).

pattern_term() -> weighted_union([{4, oneof(['_', '$1', '$2', '$3'])}, {2, key()}, {1, any()}]).
pattern() -> weighted_union([{6, tuple([pattern_term(), pattern_term(), pattern_term()])}, {1, oneof(['_', '$1'])}, {1, any()}]).
guard() ->
    oneof([tuple([oneof(['<', '=<', '>', '>=', '=:=', '=/=', '==', '/=']), operand(), operand()]),
           tuple([oneof([is_integer, is_atom, is_tuple, is_list, is_binary, is_float, is_map]), operand()]),
           tuple([oneof(['andalso', 'orelse', 'and', 'or']), {is_integer, '$1'}, {is_atom, '$2'}]), true, false]).
operand() -> oneof(['$1', '$2', '$3', '$_', integer(), {const, a}, {'+', '$1', 1}, {element, 1, '$_'}, {size, '$1'}]).
body() -> oneof(['$_', '$$', '$1', {{'$1', '$2'}}, ['$3', x], {'+', '$3', 1}, true, {const, {x}}, {self}, {node}]).
spec() -> weighted_union([{8, list(tuple([pattern(), list(guard()), vector(1, body())]))}, {1, any()}]).

counter() ->
    oneof([integer(-5, 5), tuple([range(1, 4), integer(-5, 5)]), tuple([range(1, 4), integer(-5, 5), integer(-9, 9), integer()]),
           list(tuple([range(1, 4), integer(-5, 5)])), any()]).

call() ->
    weighted_union(
      [{6, {insert, [objects()]}}, {2, {insert_new, [objects()]}}, {3, {lookup, [key()]}}, {1, {member, [key()]}},
       {1, {lookup_element, [key(), range(0, 4)]}}, {2, {delete, [key()]}}, {1, {take, [key()]}},
       {1, {delete_object, [object()]}}, {1, {info, [oneof([size, type, keypos, protection, named_table])]}},
       {3, {select, [spec()]}}, {1, {select_count, [spec()]}}, {1, {select_delete, [spec()]}}, {2, {match, [pattern()]}},
       {2, {match_object, [pattern()]}}, {1, {match_delete, [pattern()]}}, {2, {update_counter, [key(), counter()]}},
       {1, {update_counter, [key(), counter(), object()]}}, {2, {update_element, [key(), element()]}}, {1, {tab2list, []}}]).
element() -> oneof([tuple([range(0, 5), value()]), list(tuple([range(0, 5), value()])), any()]).
