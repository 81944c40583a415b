namespace CloneHub.Infra.Tests;

/// <summary>A copy of infra, and programs that stand before those of this machine when a script of it runs.</summary>
internal sealed class Script : IDisposable
{
    private readonly Terraform _copy = Terraform.Copy();
    private readonly string _programs;

    public Script() => _programs = Directory.CreateDirectory(Path.Combine(Infra, "..", "programs")).FullName;

    public string Infra => _copy.Infra;

    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>A program of that name, as lines of a shell. It may write what it was called for to $RECORD.</summary>
    public void Program(string name, string lines)
    {
        var file = Path.Combine(_programs, name);
        File.WriteAllText(file, $"#!/bin/sh\n{lines}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The real kubectl, led to that cluster.</summary>
    public void LeadKubectlTo(StubCluster cluster)
    {
        Program("kubectl", $"exec '{Kubectl.Path}' \"$@\"");
        Environment["KUBECONFIG"] = cluster.Kubeconfig(_programs);
    }

    public async Task<Tool.Answer> RunAsync(string program, params string[] arguments)
    {
        var all = new Dictionary<string, string>(Environment)
        {
            ["PATH"] = $"{_programs}:{System.Environment.GetEnvironmentVariable("PATH")}",
            ["RECORD"] = Record,
        };
        return await Tool.RunAsync(program, Infra, arguments, all);
    }

    /// <summary>Where programs write what they were called for.</summary>
    public string Record => Path.Combine(_programs, "record");

    public void Dispose() => _copy.Dispose();
}
