using CloneHub.Provisioning.Kubernetes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CloneHub.Provisioning.Tests.Kubernetes;

public sealed class KubernetesOptionsTests
{
    [Fact]
    public void Settings_that_can_work_are_accepted() => Assert.True(Validate(_ => { }).Succeeded);

    [Theory]
    [InlineData("KubeConfig", "/nowhere/kubeconfig")]
    [InlineData("Namespace", "Not A Name")]
    [InlineData("Image", "")]
    [InlineData("ImagePullPolicy", "Sometimes")]
    [InlineData("MariaDb", "User ID=root")]
    [InlineData("DatabaseAddress", "db")]
    [InlineData("DatabaseClients", "%' OR '1")]
    [InlineData("PublicUrlTemplate", "http://clones.example/{job_id}")]
    [InlineData("StartPatience", "00:00:00")]
    [InlineData("HealingInterval", "00:00:00")]
    public void A_setting_that_cannot_work_is_named(string setting, string value)
    {
        var failure = Assert.Single(Validate(options => new ConfigurationBuilder().AddInMemoryCollection([new(setting, value)]).Build().Bind(options)).Failures!);

        Assert.StartsWith($"CloneHub:Kubernetes:{setting} ", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_behind_a_socket_needs_an_address_for_pods() =>
        Assert.Contains("DatabaseAddress", Assert.Single(Validate(options => options.MariaDb = "Server=/run/mysqld.sock").Failures!), StringComparison.Ordinal);

    [Fact]
    public void An_HTTPRoute_needs_a_gateway() =>
        Assert.Contains("Gateway", Assert.Single(Validate(options => options.Route = RouteKind.HttpRoute).Failures!), StringComparison.Ordinal);

    [Fact]
    public void What_is_wrong_does_not_quote_a_password()
    {
        var failures = Validate(options => options.MariaDb = "Password=hush;Port=x").Failures!;
        Assert.DoesNotContain(failures, failure => failure.Contains("hush", StringComparison.Ordinal));
    }

    [Fact]
    public void A_back_end_that_does_not_exist_is_named()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("CloneHub:Backend", "cloud")]).Build();

        var refused = Assert.Throws<OptionsValidationException>(() => new ServiceCollection().AddProvisioning(configuration));
        Assert.Equal(["CloneHub:Backend must be local or kubernetes, not 'cloud'."], refused.Failures);
    }

    private static ValidateOptionsResult Validate(Action<KubernetesOptions> change)
    {
        var options = new KubernetesOptions { Image = "clone:1", MariaDb = "Server=db.example;User ID=root" };
        change(options);
        return new KubernetesOptionsValidation().Validate(null, options);
    }
}
