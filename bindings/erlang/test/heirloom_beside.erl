%% SPDX-License-Identifier: Apache-2.0
%%
%% A call of ets, or the same of heirloom_ets, so that they can be compared.
-module(heirloom_beside).

-export([answer/4, cause/1, sorted/1]).

%% What a call returns or raises, in which function, and the cause. Where a type has no order, lists are sorted.
answer(Module, Function, Arguments, Type) ->
    try apply(Module, Function, Arguments) of
        List when is_list(List) ->
            case is_in_order(Type, Function) of
                true -> List;
                false -> {list, sorted(List)}
            end;
        Result -> Result
    catch
        Class:Reason:Stack ->
            [{Raised, Name, _, Info} | _] = Stack,
            {Class, Reason, Raised =:= Module, told(Name), cause(Info)}
    end.

%% Some functions of ets are written in Erlang, and fail in another one.
told(internal_select_delete) -> select_delete;
told(Name) -> Name.

%% Of a list of objects, ets before OTP 25.3 inserts the last one first into a bag (OTP-18434).
is_in_order(ordered_set, _) -> true;
is_in_order(_, update_counter) -> true;
is_in_order(set, _) -> false;
is_in_order(_, Function) -> (Function =:= lookup orelse Function =:= take) andalso erlang:system_info(otp_release) >= "26".

%% 1 and 1.0 have no order.
sorted(List) -> lists:sort([{Term, term_to_binary(Term)} || Term <- List]).

%% Of an error_info; none: ets tells none.
cause(Info) ->
    case proplists:get_value(error_info, Info, #{}) of
        #{cause := Cause} when Cause =/= badarg -> Cause;
        _ -> none
    end.
