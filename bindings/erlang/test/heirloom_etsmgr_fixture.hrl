%% SPDX-License-Identifier: Apache-2.0
%%
%% For the tests of the ETS manager server: ?scenario(fun(Table) -> ... end) is a test, and ?await(Pattern, Result)
%% waits for a message.

-define(PATIENCE, 60000).
-define(await(Pattern), ?await(Pattern, ok)).
-define(await(Pattern, Result), receive Pattern -> Result after ?PATIENCE -> error({never_came, ??Pattern}) end).

-define(scenario(Test), ?scenario(Test, [])).
%% Managers have these options besides.
-define(scenario(Test, Options), heirloom_etsmgr_fixture:scenario(?FUNCTION_NAME, Test, Options)).
