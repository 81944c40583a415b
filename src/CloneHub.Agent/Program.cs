using CloneHub.Agent;

return await new AgentProgram(PodLayout.FromEnvironment(), TimeProvider.System).RunAsync(args);
