using System.Net;
using CloneHub.Contracts;
using CloneHub.Provisioning;
using CloneHub.Provisioning.Agent;
using CloneHub.Provisioning.Local;
using CloneHub.Provisioning.WordPress;
using CloneHub.Provisioning.WordPress.Import;
using CloneHub.Provisioning.WordPress.PublicSite;

namespace CloneHub.Agent;

/// <summary>What each command does. All of them may be repeated.</summary>
internal sealed class AgentCommands(PodLayout pod, ClonePhp php, AgentOutput lines, TimeProvider clock)
{
    public async Task<AgentEnd> RunAsync(string command, Stream input) => command switch
    {
        AgentCommand.Import => await ImportAsync(await AgentInput.ReadAsync(input, AgentJson.Default.ImportRequest, clock)),
        AgentCommand.Activate => await ActivateAsync(await AgentInput.ReadAsync(input, AgentJson.Default.ActivateRequest, clock)),
        AgentCommand.Log => await ReadLogAsync(await AgentInput.ReadAsync(input, AgentJson.Default.LogRequest, clock)),
        _ => await ProbeAsync(await AgentInput.ReadAsync(input, AgentJson.Default.ProbeRequest, clock)),
    };

    private async Task<AgentEnd> ImportAsync(ImportRequest request)
    {
        RequireOneSource(request);
        var password = pod.PasswordOf(request.Database);
        using var fence = await ClaimAsync(request, CloneStep.ImportContent);
        File.Delete(pod.ContentMark);
        File.Delete(pod.UsernameMark);
        var target = pod.TargetOf(request.Job, request.PublicUrl, request.Database, password);
        var keys = new CloneKeys(password, request.PublicKey);
        var report = request.Site is null
            ? await ImportPublicAsync(request, target, keys, fence)
            : await ImportSiteAsync(request, target, keys, fence);
        await fence.EnsureHeldAsync(lines.Unheard);
        if (pod.NewestCore is { } core && Directory.Exists(pod.CompiledCode)) await Task.Run(() => CompiledCode.ForgetOthers(pod.CompiledCode, pod.Root, core), lines.Unheard);
        await php.RenewAsync(request.PublicUrl, lines.Unheard);
        await File.WriteAllTextAsync(pod.ContentMark, request.Job.Value, lines.Unheard);
        return new AgentImported(report.Facts, report.Warnings, OwnMemory.Peak(), report.Proof);
    }

    private async Task<ContentReport> ImportSiteAsync(ImportRequest request, CloneTarget target, CloneKeys keys, PodFence fence)
    {
        await using var source = SourceChannel.Resume(request.Site!, request.Job, request.SigningKey!, OptionsOf(request), clock);
        return await SiteImporter.ImportAsync(source, target, keys, lines, fence.EnsureHeldAsync, lines.Unheard);
    }

    private async Task<ContentReport> ImportPublicAsync(ImportRequest request, CloneTarget target, CloneKeys keys, PodFence fence)
    {
        var order = new CloneOrder(request.Job, request.PublishedAt!, Tenant: "", CustomerId: null, CloneFidelity.Public);
        using var source = await new PublicSources(OptionsOf(request), clock).ConnectAsync(order, lines.Unheard);
        return await new PublicImporter(source, target, php.AskAsync, lines, fence.EnsureHeldAsync, clock).ImportAsync(keys, lines.Unheard);
    }

    private async Task<AgentEnd> ActivateAsync(ActivateRequest request)
    {
        var target = pod.TargetOf(request.Job, request.PublicUrl, request.Database, pod.PasswordOf(request.Database));
        using var fence = await ClaimAsync(request, CloneStep.ActivatePlugin);
        var administrator = new CloneAdministrator(php.Http, pod.Server, target, pod.UsernameMark, clock);
        var report = await administrator.AdoptAsync(request.SigningKey, request.Password, lines.Unheard);
        return new AgentActivated(report.Version, report.Username);
    }

    private async Task<AgentEnd> ReadLogAsync(LogRequest request) =>
        new AgentLog(await LogTail.ReadAsync(pod.LogOf(request.Log ?? CloneLogKind.Php), request.Lines, lines.Unheard));

    private async Task<AgentEnd> ProbeAsync(ProbeRequest request)
    {
        var hasContent = File.Exists(pod.ContentMark) && await File.ReadAllTextAsync(pod.ContentMark, lines.Unheard) == request.Job.Value;
        return new AgentProbed(AgentProgram.Version, hasContent, (int?)await php.StatusAsync(request.PublicUrl, lines.Unheard));
    }

    private Task<PodFence> ClaimAsync(AgentRequest request, CloneStep step) =>
        PodFence.ClaimAsync(pod.Fences, new StepToken(request.Job, step, Attempt: 1, request.Fence), clock, lines.Unheard);

    private static void RequireOneSource(ImportRequest request)
    {
        if (request.Site is null == request.PublishedAt is null) throw new DocumentException("The document must name either a site or where it is published.");
        if (request.Site is not null && request.SigningKey is null) throw new DocumentException("The document holds no key to sign calls to the site with.");
    }

    private static SourceOptions OptionsOf(ImportRequest request) => new()
    {
        AllowLoopback = request.AllowLoopback,
        AllowedNetworks = [.. (request.AllowedNetworks ?? []).Select(text =>
            IPNetwork.TryParse(text, out var network) ? network : throw new DocumentException("One of the allowed networks is none."))],
    };
}
