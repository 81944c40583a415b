using System.Text;
using CloneHub.Agent;
using CloneHub.Contracts;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.Tests.WordPress.Import;
using CloneHub.Provisioning.Tests.WordPress.Source;
using CloneHub.Provisioning.WordPress;

namespace CloneHub.Provisioning.Tests.Agent;

/// <summary>What goes into the agent.</summary>
public sealed class AgentDocumentTests
{
    private static readonly ImportRequest Request = new(
        SourceTests.NewJob(), 3, new Uri("http://x.example/"), new AgentDatabase("db", 3306, "clone_x", "clone_x", new Secret("pass")), "public",
        new SourcePass(new Uri("https://s.example/?clonehub"), "b1", TimeSpan.FromSeconds(-3), WpConfigTests.Facts(("WP_DEBUG", "true"))), new Secret("signing"))
    {
        AllowedNetworks = ["10.0.0.0/8"],
    };

    [Fact]
    public async Task A_request_arrives_as_it_was_sent()
    {
        var document = AgentCall.Document(Request);
        var read = await AgentInput.ReadAsync(new MemoryStream([.. document, .. "whatever follows"u8]), AgentJson.Default.ImportRequest, TimeProvider.System);

        Assert.Equal(document, AgentCall.Document(read));
        Assert.Equal("signing", read.SigningKey!.Reveal());
        Assert.Equal((Request.Job, 3, Request.Site!.ClockOffset), (read.Job, read.Fence, read.Site!.ClockOffset));
        Assert.Equal("true", read.Site.Facts.Defines["WP_DEBUG"]);
    }

    [Fact]
    public void A_request_does_not_show_its_secrets()
    {
        Assert.DoesNotContain("signing", Request.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("pass\"", Request.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "ended before the length")]
    [InlineData("12", "ended before the length")]
    [InlineData("abc\n{}", "must begin with a line")]
    [InlineData("-5\n{}", "must begin with a line")]
    [InlineData("99999999\n{}", "must begin with a line")]
    [InlineData("99999999999999999999", "must begin with a line")]
    [InlineData("50\n{\"protocol\":1}", "ended after 14 of 50 bytes")]
    [InlineData("4\nnull", "is no ProbeRequest")]
    [InlineData("2\n{}", "is no ProbeRequest")]
    [InlineData("24\n{\"protocol\":1,\"job\":\"x\"}", "is no ProbeRequest: see $.job")]
    [InlineData("22\n{\"password\":\"p4ssw0rd\"}", "is no ProbeRequest")]
    public async Task A_wrong_document_is_refused_in_plain_words(string input, string message)
    {
        var refusal = await Assert.ThrowsAsync<DocumentException>(
            () => AgentInput.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(input)), AgentJson.Default.ProbeRequest, TimeProvider.System));

        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("p4ssw0rd", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_release_is_refused()
    {
        var document = AgentCall.Document(new ProbeRequest(SourceTests.NewJob(), new Uri("http://x.example/")) { Protocol = 2 });
        var refusal = await Assert.ThrowsAsync<DocumentException>(() => AgentInput.ReadAsync(new MemoryStream(document), AgentJson.Default.ProbeRequest, TimeProvider.System));

        Assert.Contains("different releases", refusal.Message, StringComparison.Ordinal);
    }
}
