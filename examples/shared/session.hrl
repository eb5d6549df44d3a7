%% SPDX-License-Identifier: Apache-2.0
%% The struct of session.hpp.
-record(session, {user, hits = 0, twice = 0, city}).
