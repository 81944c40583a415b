using CloneHub.Contracts;
using CloneHub.Jobs.Queue;
using FsCheck.Xunit;

namespace CloneHub.Jobs.Tests.Queue;

public sealed class WaitingLineTests
{
    /// <summary>Each order of the script stands for fifty tickets, so that a line has many pieces.</summary>
    [Property(MaxTest = 100)]
    public void It_is_a_sorted_list(short[] script)
    {
        var line = new WaitingLine();
        var list = new SortedSet<Ticket>();
        foreach (var order in script)
            for (var n = 0; n < 50; n++)
            {
                var ticket = NewTicket((order * 31) + (n * 97));
                if (list.Add(ticket)) line.Add(ticket);
                else if (list.Remove(ticket)) line.Remove(ticket);
            }

        Assert.Equal(list.Count, line.Count);
        foreach (var (index, ticket) in list.Index())
        {
            Assert.Equal(ticket, line[index]);
            Assert.Equal(index, line.IndexOf(ticket));
        }
    }

    [Fact]
    public void A_hundred_thousand_keep_their_order_whatever_the_order_they_come_in()
    {
        const int Many = 100_000;
        var line = new WaitingLine();
        for (var n = 0; n < Many; n++) line.Add(NewTicket((int)(n * 48_271L % Many)));

        Assert.Equal(Many, line.Count);
        Assert.Equal(70_000, line.IndexOf(NewTicket(70_000)));
        Assert.Equal(NewTicket(12_345), line[12_345]);
        for (var n = 0; n < Many - 1; n++)
        {
            Assert.Equal(NewTicket(n), line.First);
            line.Remove(line.First);
        }

        Assert.Equal(NewTicket(Many - 1), line.First);
    }

    private static Ticket NewTicket(int number) =>
        new(JobId.FromBytes([.. BitConverter.GetBytes(number), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "acme", Given.T0.AddSeconds(number));
}
