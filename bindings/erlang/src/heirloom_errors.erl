%% SPDX-License-Identifier: Apache-2.0
%%
%% What the shell says of an error of heirloom_ets: what it says of the same of ets (EEP 54), and what the library says, if that is more.
-module(heirloom_errors).

-export([format_error/2]).

format_error(Reason, [{heirloom_ets, Function, Arguments, Info} | Stack]) ->
    OfEts = erl_stdlib_errors:format_error(Reason, [{ets, of_ets(Function), Arguments, Info} | Stack]),
    case proplists:get_value(error_info, Info) of
        #{cause := none, text := Text} when Text =/= <<>> -> OfEts#{general => Text};
        _ -> OfEts
    end;
format_error(_Reason, _Stack) -> #{}.

%% By the name that ets knows it by.
of_ets(select_delete) -> internal_select_delete;
of_ets(Function) -> Function.
