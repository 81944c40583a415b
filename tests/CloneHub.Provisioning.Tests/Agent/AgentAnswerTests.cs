using System.IO.Pipelines;
using System.Text;
using CloneHub.Contracts;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.Tests.WordPress.Source;
using Microsoft.Extensions.Time.Testing;

namespace CloneHub.Provisioning.Tests.Agent;

/// <summary>What comes back from the agent, or from what took its place: strangers' code runs beside it.</summary>
public sealed class AgentAnswerTests
{
    private static readonly StepToken Token = new(SourceTests.NewJob(), CloneStep.ImportContent, 1, 1);

    [Fact]
    public async Task Lines_before_the_end_are_progress()
    {
        var heard = new List<ContentProgress>();
        var end = await ReadAsync("""
            {"kind":"progress","fraction":0.5,"message":"Copying files: 1 of 2"}
            {"kind":"alive"}
            {"kind":"progress","fraction":7,"message":"too far"}
            {"kind":"imported","content":{"tables":12,"rows":3,"files":4,"bytes":5},"warnings":["w"]}

            """, heard);

        Assert.Equal(new ContentFacts(12, 3, 4, 5), end.Content);
        Assert.Equal(["w"], end.Warnings);
        Assert.Equal([new ContentProgress(0.5, "Copying files: 1 of 2"), new ContentProgress(1, "too far")], heard);
    }

    [Fact]
    public async Task A_named_fault_keeps_its_name()
    {
        var fault = (await Assert.ThrowsAsync<StepFaultException>(() => ReadAsync(
            """{"kind":"failed","fault":{"code":"DISK_FULL","message":"m","hint":"h","retryable":true}}""" + "\n"))).Fault;

        Assert.Equal(new StepFault("DISK_FULL", "m", "h", Retryable: true), fault);
    }

    [Fact]
    public async Task An_overtaken_agent_says_so() => await Assert.ThrowsAsync<OvertakenException>(() => ReadAsync("{\"kind\":\"overtaken\"}\n"));

    [Theory]
    [InlineData("", "ended without an answer")]
    [InlineData("{\"kind\":\"alive\"}\n{\"kind\":\"impor", "ended without an answer")]
    [InlineData("<b>Warning</b>\n", "nothing that can be understood")]
    [InlineData("{\"kind\":\"exec\"}\n", "nothing that can be understood")]
    [InlineData("{\"kind\":\"failed\"}\n", "nothing that can be understood")]
    [InlineData("{\"kind\":\"failed\",\"fault\":{\"code\":\"<script>\",\"message\":\"m\",\"hint\":\"h\",\"retryable\":true}}\n", "nothing that can be understood")]
    [InlineData("null\n", "nothing that can be understood")]
    [InlineData("{\"kind\":\"activated\",\"version\":\"1\",\"username\":\"u\"}\n", "it answered with AgentActivated")]
    public async Task Whatever_else_is_said_is_tried_again(string output, string why)
    {
        var fault = (await Assert.ThrowsAsync<StepFaultException>(() => ReadAsync(output))).Fault;

        Assert.Equal((StepFault.BackendUnavailable, true), (fault.Code, fault.Retryable));
        Assert.Contains(why, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_without_end_is_not_kept()
    {
        var fault = (await Assert.ThrowsAsync<StepFaultException>(() => ReadAsync(new string('x', AgentCall.LargestDocument + 100_000)))).Fault;

        Assert.Contains("no end", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_listens_longer_than_a_minute_to_silence()
    {
        var clock = new FakeTimeProvider();
        var pipe = new Pipe();
        var reading = AgentCall.ReadAsync<AgentImported>(pipe.Reader.AsStream(), Token, null, clock, default);

        clock.Advance(TimeSpan.FromSeconds(61));

        var fault = (await Assert.ThrowsAsync<StepFaultException>(() => reading)).Fault;
        Assert.Contains("nothing for 60 seconds", fault.Message, StringComparison.Ordinal);
    }

    private static Task<AgentImported> ReadAsync(string output, List<ContentProgress>? heard = null) => AgentCall.ReadAsync<AgentImported>(
        new MemoryStream(Encoding.UTF8.GetBytes(output)), Token, heard is null ? null : new Recorder(heard), TimeProvider.System, default);

    private sealed class Recorder(List<ContentProgress> all) : IProgress<ContentProgress>
    {
        public void Report(ContentProgress value) => all.Add(value);
    }
}
