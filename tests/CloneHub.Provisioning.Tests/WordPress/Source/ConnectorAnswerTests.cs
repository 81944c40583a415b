using System.Text;
using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Tests.WordPress.Source;

/// <summary>What is believed of answers that are one object, and what becomes of their errors.</summary>
public sealed class ConnectorAnswerTests
{
    [Theory]
    [InlineData(200)]
    [InlineData(302)]
    [InlineData(403)]
    [InlineData(404)]
    public async Task A_page_does_not_prove_that_the_connector_is_gone(int status)
    {
        await using var connector = await ScriptedConnector.StartAsync(ScriptedConnector.Page(status));
        Assert.Equal("CHANNEL_BLOCKED", await SourceTests.FaultOf(() => connector.Channel.ByeAsync(CancellationToken.None)));
        Assert.Equal(4, connector.Calls);
    }

    [Fact]
    public async Task A_page_after_an_answer_that_was_lost_means_that_nobody_listens_any_more()
    {
        await using var connector = await ScriptedConnector.StartAsync(ScriptedConnector.HalfAnAnswer(), ScriptedConnector.Page(200));
        Assert.Empty(await connector.Channel.ByeAsync(CancellationToken.None));
        Assert.Equal(2, connector.Calls);
    }

    [Fact]
    public async Task A_busy_site_has_not_heard_the_farewell()
    {
        await using var connector = await ScriptedConnector.StartAsync(ScriptedConnector.Page(503), ScriptedConnector.Page(403));
        Assert.Equal("CHANNEL_BLOCKED", await SourceTests.FaultOf(() => connector.Channel.ByeAsync(CancellationToken.None)));
    }

    [Fact]
    public async Task What_the_source_could_not_remove_is_named_with_its_place()
    {
        await using var connector = await ScriptedConnector.StartAsync(
            ScriptedConnector.Frames((FrameType.Json, Encoding.UTF8.GetBytes("""{"left":["clonehub-abcdefgh"]}""")), (FrameType.End, "{}"u8.ToArray())));
        Assert.Equal(["wp-content/plugins/clonehub-abcdefgh"], await connector.Channel.ByeAsync(CancellationToken.None));
    }

    [Fact]
    public async Task An_error_that_comes_twice_is_told_as_the_connectors()
    {
        await using var connector = await ScriptedConnector.StartAsync(ScriptedConnector.Error(isFinal: false));
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => connector.Channel.SchemaAsync(CancellationToken.None));
        Assert.Equal(("CONNECTOR_FAILED", true, 2), (fault.Fault.Code, fault.Fault.Retryable, connector.Calls));
        Assert.Contains("no such luck (Some.php:7)", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_that_is_final_is_not_asked_for_again()
    {
        await using var connector = await ScriptedConnector.StartAsync(ScriptedConnector.Error(isFinal: true));
        var fault = await Assert.ThrowsAsync<StepFaultException>(() => connector.Channel.SchemaAsync(CancellationToken.None));
        Assert.Equal(("CONNECTOR_FAILED", false, 1), (fault.Fault.Code, fault.Fault.Retryable, connector.Calls));
    }

    [Fact]
    public async Task A_farewell_that_fails_twice_in_the_same_way_is_told_as_the_connectors()
    {
        await using var connector = await ScriptedConnector.StartAsync(ScriptedConnector.Error(isFinal: false));
        Assert.Equal("CONNECTOR_FAILED", await SourceTests.FaultOf(() => connector.Channel.ByeAsync(CancellationToken.None)));
        Assert.Equal(2, connector.Calls);
    }
}
