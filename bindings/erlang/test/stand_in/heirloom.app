%% SPDX-License-Identifier: Apache-2.0
{application, heirloom,
 [{description, "A stand-in for Heirloom, for tests of what stands on it"},
  {vsn, "0"},
  {registered, [heirloom]},
  {applications, [kernel, stdlib]},
  {modules, [heirloom, heirloom_ets]},
  {mod, {heirloom, []}}]}.
