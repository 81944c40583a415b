using CloneHub.Contracts;

namespace CloneHub.Jobs.Tests;

public sealed class RestoreSourcesTests
{
    private static readonly TableMark[] Copied = [new("wp_posts", 3, "copied"), new("wp_orders", 5, "copied")];

    /// <summary>An order that a first restore kept is not to be lost by a second one.</summary>
    [Fact]
    public void What_the_last_restore_kept_is_measured_against_the_copy() =>
        Assert.Equal([new("wp_posts", 4, "left"), Copied[1]], RestoreSources.Together([new TableMark("wp_posts", 4, "left")], Copied));

    [Fact]
    public void Without_a_restore_or_without_a_copy_the_other_one_counts()
    {
        Assert.Equal(Copied, RestoreSources.Together([], Copied));
        Assert.Equal(Copied, RestoreSources.Together(Copied, null));
        Assert.Null(RestoreSources.Together([], null));
    }
}
