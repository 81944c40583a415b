using System.Text;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.Agent;

/// <summary>The program itself, as a shell sees it.</summary>
[Trait("Needs", "servers")]
public sealed class AgentProgramTests(ServersFixture servers) : IClassFixture<ServersFixture>, IAsyncLifetime
{
    private LocalPod _pod = null!;

    public async Task InitializeAsync() => _pod = await LocalPod.StartAsync(servers, SourceTests.Secrets("", ""));

    public async Task DisposeAsync() => await _pod.DisposeAsync();

    [Theory]
    [InlineData]
    [InlineData("exec")]
    [InlineData("import", "--password=x")]
    public async Task An_unknown_command_is_refused(params string[] arguments)
    {
        var (code, output, error) = await _pod.RunRawAsync(arguments, []);

        Assert.Equal((64, ""), (code, output));
        Assert.StartsWith("clonehub-agent COMMAND", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_knows_its_version()
    {
        var (code, output, _) = await _pod.RunRawAsync(["version"], []);

        Assert.Equal(0, code);
        Assert.Matches(@"^\d+\.\d+\.\d+\n$", output);
    }

    [Fact]
    public async Task A_document_that_is_cut_off_ends_it_with_a_named_fault()
    {
        var document = AgentCall.Document(new ProbeRequest(_pod.Job, _pod.PublicUrl));
        var (code, output, error) = await _pod.RunRawAsync(["probe"], document[..^5]);

        Assert.Equal(65, code);
        Assert.Contains("\"kind\":\"failed\"", output, StringComparison.Ordinal);
        Assert.Single(output.TrimEnd('\n').Split('\n'));
        Assert.Contains("The input ended after", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_of_another_command_is_refused()
    {
        var (code, output, _) = await _pod.RunRawAsync(["import"], AgentCall.Document(new ProbeRequest(_pod.Job, _pod.PublicUrl)));

        Assert.Equal(65, code);
        Assert.Contains("is no ImportRequest", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_that_it_lives_while_it_waits()
    {
        using var agent = _pod.Start("probe");

        Assert.Equal("{\"kind\":\"alive\"}", await agent.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)));
        agent.StandardInput.Close();
        await agent.WaitForExitAsync();
    }
}
