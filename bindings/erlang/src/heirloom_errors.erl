%% SPDX-License-Identifier: Apache-2.0
%%
%% What the shell says of an error of heirloom_ets: what it says of the same of ets (EEP 54).
-module(heirloom_errors).

-export([format_error/2]).

format_error(Reason, [{heirloom_ets, Function, Arguments, Info} | Stack]) ->
    case proplists:get_value(error_info, Info) of
        #{cause := none, text := Text} when Text =/= <<>> -> #{general => Text};
        _ -> erl_stdlib_errors:format_error(Reason, [{ets, Function, Arguments, Info} | Stack])
    end;
format_error(_Reason, _Stack) -> #{}.
