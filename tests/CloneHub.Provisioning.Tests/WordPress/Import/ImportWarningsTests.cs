using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.Tests.WordPress.Import;

public sealed class ImportWarningsTests
{
    private readonly ImportWarnings _warnings = new();

    [Fact]
    public void A_hundred_of_a_kind_are_named_and_the_others_counted()
    {
        for (var i = 0; i < 100; i++) _warnings.Count("Missing", $"f{i:D4}");
        Assert.Equal("Missing: " + string.Join(", ", Enumerable.Range(0, 100).Select(i => $"f{i:D4}")), Assert.Single(_warnings.ToList()));
        for (var i = 100; i < 1234; i++) _warnings.Count("Missing", $"f{i:D4}");
        Assert.EndsWith(", f0099 and 1,134 more", Assert.Single(_warnings.ToList()), StringComparison.Ordinal);
    }

    [Fact]
    public void However_long_a_name_is_its_beginning_is_told()
    {
        _warnings.Count("Missing", new string('x', 100_000));
        _warnings.Add(new string('y', 100_000));
        Assert.Equal([new string('y', 999) + "…", $"Missing: {new string('x', 199)}…"], _warnings.ToList());
    }

    [Fact]
    public void The_same_name_is_told_once_and_how_often()
    {
        for (var i = 0; i < 1500; i++) _warnings.Count("Stay", "wp_links.url");
        _warnings.Count("Stay", "wp_x.key");
        Assert.Equal(["Stay: wp_links.url (1,500 times), wp_x.key"], _warnings.ToList());
    }
}
