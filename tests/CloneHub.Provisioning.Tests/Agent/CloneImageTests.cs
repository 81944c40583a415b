using CloneHub.Dev;
using CloneHub.Provisioning.Agent;

namespace CloneHub.Provisioning.Tests.Agent;

/// <summary>The files of the image keep what <see cref="CloneImage"/> promises.</summary>
public sealed class CloneImageTests
{
    [Fact]
    public void Probes_are_answered_where_they_are_sent()
    {
        var nginx = Read("files/nginx.conf");

        Assert.Contains($"listen {CloneImage.Port} ", nginx, StringComparison.Ordinal);
        Assert.Contains($"location = {CloneImage.LivePath} {{", nginx, StringComparison.Ordinal);
        Assert.Contains($"location = {CloneImage.ReadyPath} {{", nginx, StringComparison.Ordinal);
        Assert.Contains($"ping.path = {CloneImage.ReadyPath}\n", Read("files/php-fpm.conf"), StringComparison.Ordinal);
        Assert.Contains($"ping.response = ${{{CloneImage.JobVariable}}}\n", Read("files/php-fpm.conf"), StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_are_where_they_are_mounted()
    {
        Assert.Contains($"root={CloneImage.Root} state={CloneImage.State} cores={CloneImage.CoreStore}\n", Read("files/entrypoint"), StringComparison.Ordinal);
        Assert.Contains($"open_basedir] = {CloneImage.Root}/:{CloneImage.State}/\n", Read("files/php-fpm.conf"), StringComparison.Ordinal);
        Assert.Contains($"--pid {CloneImage.Temporary}/php-fpm.pid", Read("files/entrypoint"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("build")]
    [InlineData("Dockerfile")]
    public void Both_ways_to_build_it_make_the_same_account(string file) =>
        Assert.Contains(CloneImage.UserId.ToString(System.Globalization.CultureInfo.InvariantCulture), Read(file), StringComparison.Ordinal);

    [Theory]
    [InlineData("upload_max_filesize = 128M")]
    [InlineData("post_max_size = 144M")]
    public void Uploads_may_have_128_MB(string setting)
    {
        Assert.Contains(setting, Read("files/php.ini"), StringComparison.Ordinal);
        Assert.Contains("client_max_body_size 144m;", Read("files/nginx.conf"), StringComparison.Ordinal);
    }

    private static string Read(string file) => File.ReadAllText(Repository.Path("wordpress", "image", file));
}
