using System.Text;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.Tests.WordPress.Source;

namespace CloneHub.Provisioning.Tests.Agent;

/// <summary>What may stand in the operator's log of what a pod said.</summary>
public sealed class AgentErrorsTests
{
    [Fact]
    public void Secrets_of_the_job_are_taken_out_also_where_they_came_in_pieces()
    {
        var secrets = SourceTests.Secrets("editor", "open sesame");
        var errors = new AgentErrors(secrets);
        foreach (var letter in $"sent {secrets.SourcePassword.Reveal()} and {secrets.ConnectorKey.Reveal()} to {secrets.DatabasePassword.Reveal()}|{secrets.ClonePassword.Reveal()}\n")
            errors.Add([(byte)letter]);

        Assert.Equal("sent *** and *** to ***|***", errors.ToString());
    }

    [Fact]
    public void Lines_stay_lines_and_nothing_moves_the_cursor() => Assert.Equal("one\n [31mtwo", Say("one\n\u001b[31mtwo\r\n").ToString());

    [Fact]
    public void No_more_than_the_beginning_is_kept()
    {
        var errors = Say(new string('x', AgentErrors.Longest - 1));
        errors.Add("yz"u8);
        for (var n = 0; n < 1_000; n++) errors.Add("more"u8);

        Assert.Equal(new string('x', AgentErrors.Longest - 1) + "y", errors.ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public void Of_a_secret_across_the_end_nothing_is_told(int others)
    {
        var secrets = SourceTests.Secrets("editor", "open sesame");
        var secret = secrets.ClonePassword.Reveal();
        for (var before = 0; before <= 6 * secret.Length; before++)
        {
            var errors = new AgentErrors(secrets);
            for (var n = 0; n < others; n++) errors.Add(Encoding.UTF8.GetBytes(secret + " "));
            errors.Add(Encoding.UTF8.GetBytes(new string('-', AgentErrors.Longest - (others * (secret.Length + 1)) + (3 * secret.Length) - before)));
            errors.Add(Encoding.UTF8.GetBytes(secret + new string('-', 4_000)));
            Assert.Empty(errors.ToString().Trim('-', '*', ' '));
        }
    }

    private static AgentErrors Say(string text)
    {
        var errors = new AgentErrors(SourceTests.Secrets("", ""));
        errors.Add(Encoding.UTF8.GetBytes(text));
        return errors;
    }
}
