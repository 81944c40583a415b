using System.Reflection;
using CloneHub.Contracts;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Agent;
using Microsoft.Win32.SafeHandles;

namespace CloneHub.Agent;

/// <summary>The one program that may be run in a clone's pod from outside: one command, one document, lines of JSON.</summary>
internal sealed class AgentProgram(PodLayout pod, TimeProvider clock)
{
    private const string Usage = $"""
        clonehub-agent COMMAND

          {AgentCommand.Import}     fill the clone from its source
          {AgentCommand.Activate}   have the clone's plugin make the caller's administrator
          {AgentCommand.Probe}      say what there is
          {AgentCommand.Log}        say what PHP has complained about, who has asked for what, or what this program did
          {AgentCommand.Version}    print the version

        Standard input: a line with the length of a JSON document in bytes, then the document.
        Standard output: one JSON object a line; the last one says how it ended.
        """;

    public static string Version { get; } = typeof(AgentProgram).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public async Task<int> RunAsync(string[] args)
    {
        OwnMemory.Hide();
        switch (args)
        {
            case [AgentCommand.Version]:
                Console.WriteLine(Version);
                return ExitCode.Done;
            case [AgentCommand.Import or AgentCommand.Activate or AgentCommand.Probe or AgentCommand.Log]:
                return await RunAsync(args[0]);
            default:
                await Console.Error.WriteLineAsync(Usage);
                return ExitCode.Usage;
        }
    }

    private async Task<int> RunAsync(string command)
    {
        // Not the console's own stream: that one hides that nobody reads any more.
        await using var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        var own = command is AgentCommand.Import or AgentCommand.Activate ? new OwnLog(pod.LogOf(CloneLogKind.Agent), command, clock) : null;
        own?.Begin();
        await using var lines = new AgentOutput(output, own, clock);
        await using var input = Console.OpenStandardInput();
        using var php = new ClonePhp(pod, clock);
        var (end, code) = await EndAsync(() => new AgentCommands(pod, php, lines, clock).RunAsync(command, input));
        lines.End(end);
        return code;
    }

    private static async Task<(AgentEnd End, int Code)> EndAsync(Func<Task<AgentEnd>> work)
    {
        try
        {
            return (await work(), ExitCode.Done);
        }
        catch (OvertakenException)
        {
            return (new AgentOvertaken(), ExitCode.Failed);
        }
        catch (DocumentException wrong)
        {
            await Console.Error.WriteLineAsync(wrong.Message);
            return (new AgentFailed(new StepFault("INTERNAL", wrong.Message, "Give the operator the job's id.", Retryable: false)), ExitCode.Document);
        }
        catch (Exception cause)
        {
            // The text of an unknown exception goes to the log of whoever called, as it would on that machine.
            await Console.Error.WriteLineAsync(cause.ToString());
            return (new AgentFailed(StepFaults.Of(cause)), ExitCode.Failed);
        }
    }
}
