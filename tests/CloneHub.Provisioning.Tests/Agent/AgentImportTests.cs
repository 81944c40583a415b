using CloneHub.Contracts;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress;
using CloneHub.Testing;

namespace CloneHub.Provisioning.Tests.Agent;

/// <summary>The real program over a real source: what the Host gives away is enough, and nothing else is needed.</summary>
[Trait("Needs", "servers")]
public sealed class AgentImportTests(SourceSiteFixture source) : IClassFixture<SourceSiteFixture>
{
    [Fact]
    public async Task A_site_is_pulled_and_its_administrator_made()
    {
        var secrets = SourceTests.Administrator(source.Site);
        await using var pod = await LocalPod.StartAsync(source.Servers, secrets);
        var progress = new List<ContentProgress>();
        AgentImported imported;
        await using (var channel = await ConnectAsync(pod))
        {
            imported = await pod.RunAsync<AgentImported>(AgentCommand.Import, ImportOf(pod, channel, fence: 1), new Recorder(progress));
            Assert.Empty(await channel.ByeAsync(default));
        }

        Assert.InRange(imported.Content.Tables, 12, 40);
        Assert.InRange(imported.Content.Files, 1_000, 20_000);
        Assert.Contains(progress, step => step.Message.StartsWith("Copying", StringComparison.Ordinal));
        var probed = await pod.RunAsync<AgentProbed>(AgentCommand.Probe, new ProbeRequest(pod.Job, pod.PublicUrl));
        Assert.Equal((true, 200), (probed.HasContent, probed.HomeStatus));
        Assert.DoesNotContain(source.Site.Url.Authority, await pod.PageAsync("/"), StringComparison.Ordinal);

        var activated = await pod.RunAsync<AgentActivated>(AgentCommand.Activate, ActivateOf(pod, fence: 2));
        Assert.Equal((CustomMigratorPackage.Version, "clonehub"), (activated.Version, activated.Username));
        Assert.Equal(activated, await pod.RunAsync<AgentActivated>(AgentCommand.Activate, ActivateOf(pod, fence: 3)));
        var log = (await pod.RunAsync<AgentLog>(AgentCommand.Log, new LogRequest(pod.Job, 1_000, CloneLogKind.Agent))).Log;
        Assert.Matches("^[0-9TZ:-]{20} import: begun$", log.Lines[0]);
        Assert.Contains(log.Lines, line => line.Contains("Z import: Copying", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains($"Z import: done, {imported.Content.Tables} tables, ", StringComparison.Ordinal));
        Assert.EndsWith($"Z activate: done, plugin {CustomMigratorPackage.Version}", log.Lines[^1], StringComparison.Ordinal);
        Assert.Empty((await pod.RunAsync<AgentLog>(AgentCommand.Log, new LogRequest(pod.Job, 10, CloneLogKind.Access))).Log.Lines);
    }

    [Fact]
    public async Task What_a_site_publishes_is_pulled_without_a_log_in()
    {
        await using var pod = await LocalPod.StartAsync(source.Servers, SourceTests.Secrets("", ""));
        var request = new ImportRequest(pod.Job, 1, pod.PublicUrl, pod.Database, pod.PublicKey, PublishedAt: source.Site.Url) { AllowLoopback = true };

        var imported = await pod.RunAsync<AgentImported>(AgentCommand.Import, request);

        Assert.Contains(imported.Warnings, warning => warning.Contains("Without credentials", StringComparison.Ordinal));
        var log = (await pod.RunAsync<AgentLog>(AgentCommand.Log, new LogRequest(pod.Job, 10))).Log;
        Assert.Empty(log.Lines);
        Assert.False(log.IsCut);
        Assert.Equal(200, (await pod.RunAsync<AgentProbed>(AgentCommand.Probe, new ProbeRequest(pod.Job, pod.PublicUrl))).HomeStatus);
    }

    [Fact]
    public async Task A_fault_has_the_name_that_it_has_on_this_machine()
    {
        await using var pod = await LocalPod.StartAsync(source.Servers, SourceTests.Secrets("", ""));
        var refused = new ImportRequest(pod.Job, 1, pod.PublicUrl, pod.Database, pod.PublicKey, PublishedAt: source.Site.Url);

        Assert.Equal("SOURCE_ADDRESS_REFUSED", await SourceTests.FaultOf(() => pod.RunAsync<AgentImported>(AgentCommand.Import, refused)));
        var log = (await pod.RunAsync<AgentLog>(AgentCommand.Log, new LogRequest(pod.Job, 1, CloneLogKind.Agent))).Log;
        Assert.Contains("import: failed, SOURCE_ADDRESS_REFUSED: ", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plugin_that_is_not_there_is_named()
    {
        await using var pod = await LocalPod.StartAsync(source.Servers, SourceTests.Secrets("", ""));

        Assert.Equal("PLUGIN_SILENT", await SourceTests.FaultOf(() => pod.RunAsync<AgentActivated>(AgentCommand.Activate, ActivateOf(pod, fence: 1))));
        Assert.False((await pod.RunAsync<AgentProbed>(AgentCommand.Probe, new ProbeRequest(pod.Job, pod.PublicUrl))).HasContent);
    }

    [Fact]
    public async Task An_older_attempt_than_the_newest_is_refused()
    {
        await using var pod = await LocalPod.StartAsync(source.Servers, SourceTests.Secrets("", ""));
        await SourceTests.FaultOf(() => pod.RunAsync<AgentActivated>(AgentCommand.Activate, ActivateOf(pod, fence: 7)));

        await Assert.ThrowsAsync<OvertakenException>(() => pod.RunAsync<AgentActivated>(AgentCommand.Activate, ActivateOf(pod, fence: 6)));
    }

    [Fact]
    public async Task An_attempt_whose_caller_has_gone_stops_for_the_next()
    {
        var secrets = SourceTests.Administrator(source.Site);
        await using var pod = await LocalPod.StartAsync(source.Servers, secrets);
        await using var channel = await ConnectAsync(pod);
        using var first = pod.Start(AgentCommand.Import);
        await first.StandardInput.BaseStream.WriteAsync(AgentCall.Document(ImportOf(pod, channel, fence: 1)));
        await first.StandardInput.BaseStream.FlushAsync();
        while (await first.StandardOutput.ReadLineAsync() is { } line && !line.Contains("progress", StringComparison.Ordinal)) Assert.Contains("alive", line, StringComparison.Ordinal);
        first.StandardOutput.Close();

        var second = await pod.RunAsync<AgentImported>(AgentCommand.Import, ImportOf(pod, channel, fence: 2));

        await first.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(1, first.ExitCode);
        Assert.True(second.Content.Rows > 0);
        await channel.ByeAsync(default);
    }

    private static Task<SourceChannel> ConnectAsync(LocalPod pod, SourceSiteFixture source) =>
        SourceTests.Connector.ConnectAsync(new CloneOrder(pod.Job, source.Site.Url, "tests", null), pod.Secrets, 1, default);

    private Task<SourceChannel> ConnectAsync(LocalPod pod) => ConnectAsync(pod, source);

    private static ImportRequest ImportOf(LocalPod pod, SourceChannel channel, long fence) =>
        new(pod.Job, fence, pod.PublicUrl, pod.Database, pod.PublicKey, channel.Pass, pod.Secrets.ConnectorKey) { AllowLoopback = true };

    private static ActivateRequest ActivateOf(LocalPod pod, long fence) =>
        new(pod.Job, fence, pod.PublicUrl, pod.Database, pod.Secrets.ConnectorKey, pod.Secrets.ClonePassword);

    private sealed class Recorder(List<ContentProgress> all) : IProgress<ContentProgress>
    {
        public void Report(ContentProgress value) => all.Add(value);
    }
}
