using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace CloneHub.Jobs.Api;

/// <summary>
/// Refuses to start without API keys on an address that others can reach. The addresses are known only once they are bound; until this
/// check has run, <see cref="ApiKeyHandler"/> lets nobody in from outside either.
/// </summary>
internal sealed class KeylessGuard(IServer server, IOptions<JobsApiOptions> options) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (options.Value.ApiKeys.Count > 0) return Task.CompletedTask;
        var open = (server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []).Where(address => !IsLocal(address)).ToList();
        return open.Count == 0
            ? Task.CompletedTask
            : throw new OptionsValidationException(nameof(JobsApiOptions.ApiKeys), typeof(JobsApiOptions),
            [
                $"CloneHub:ApiKeys is empty, but {string.Join(", ", open)} can be reached from other machines. "
                + "Make a key with 'new-api-key --tenant NAME' and configure it, or bind to 127.0.0.1 only.",
            ]);
    }

    public static bool IsLocal(string address)
    {
        var binding = BindingAddress.Parse(address);
        return binding.IsUnixPipe || binding.IsNamedPipe || binding.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(binding.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
