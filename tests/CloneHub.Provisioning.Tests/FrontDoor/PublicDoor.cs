using System.Globalization;
using CloneHub.Provisioning.FrontDoor;
using CloneHub.Provisioning.Tests.Local;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CloneHub.Provisioning.Tests.FrontDoor;

/// <summary>The public door of a stage's clones, as the Host opens it.</summary>
internal static class PublicDoor
{
    internal static async Task<WebApplication> OpenAsync(LocalStage stage)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{stage.Port}"));
        builder.Services.AddSingleton(stage.Get<CloneRouter>());
        var door = builder.Build();
        door.UseCloneRouter();
        door.MapGet("/", () => "the service itself");
        await door.StartAsync();
        return door;
    }
}
