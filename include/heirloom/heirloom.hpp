// SPDX-License-Identifier: Apache-2.0
//
// Heirloom: in-memory tables that outlive the process that uses them. This header is all of it.
#pragma once

#include "heirloom/atom.hpp"
#include "heirloom/error.hpp"
#include "heirloom/external.hpp"
#include "heirloom/gen_server.hpp"
#include "heirloom/lineage.hpp"
#include "heirloom/no_wait.hpp"
#include "heirloom/node.hpp"
#include "heirloom/pid.hpp"
#include "heirloom/process.hpp"
#include "heirloom/program.hpp"
#include "heirloom/serve.hpp"
#include "heirloom/supervisor.hpp"
#include "heirloom/table.hpp"
#include "heirloom/table_file.hpp"
#include "heirloom/table_manager.hpp"
#include "heirloom/term.hpp"
#include "heirloom/watchdog.hpp"
