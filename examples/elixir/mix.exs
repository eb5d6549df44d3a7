# SPDX-License-Identifier: Apache-2.0
#
# Without dependencies: `run` finds the application heirloom by ERL_LIBS.
defmodule Carts.MixProject do
  use Mix.Project

  def project, do: [app: :carts, version: "0.1.0", elixir: "~> 1.14"]
  def application, do: [mod: {Carts.Application, []}, extra_applications: [:logger, :heirloom]]
end
