using System.Globalization;
using System.Net;
using CloneHub.Provisioning.WordPress.Import;

namespace CloneHub.Provisioning.WordPress.PublicSite;

/// <summary>
/// Fetches files of a media library one after the other. A file that an earlier attempt brought stays; each grows beside its place and is
/// moved there when it is complete. What cannot be had is left out and named.
/// </summary>
internal sealed class MediaDownload(
    PublicHttp http, Uri site, CloneTarget target, ImportWarnings warnings, ImportProgress progress, Func<CancellationToken, Task> ensureFence, TimeProvider clock)
{
    private const long LargestFile = 512L << 20;
    private const int FilesPerFenceCheck = 50;
    private const string NoTime = "no time left";
    private const int Mode = 0b110_100_100;

    private readonly FileTree _tree = new(target);
    private readonly HashSet<string> _silent = new(StringComparer.OrdinalIgnoreCase);
    private long _bytes;

    /// <summary>Together; what was begun below it is finished.</summary>
    internal long MostBytes { get; init; } = 10L << 30;

    /// <summary>Half of what the whole step may take: a source that asks for long rests is cloned with the media that fit into it.</summary>
    internal TimeSpan MostTime { get; init; } = TimeSpan.FromMinutes(30);

    internal static PlannedFile Planned(MediaFile file, long size = 0, long modified = 0) => new(
        FileRoot.Content, new SourceFile($"uploads/{file.Relative}", SourceFileKind.File, size, modified, Mode, null, null), $"wp-content/uploads/{file.Relative}",
        IsRewritten: false);

    /// <summary>Gives the files that are in their place, with their sizes.</summary>
    internal async Task<IReadOnlyDictionary<string, long>> RunAsync(IReadOnlyList<MediaFile> files, CancellationToken cancellation)
    {
        var present = new Dictionary<string, long>(StringComparer.Ordinal);
        using var time = new CancellationTokenSource(MostTime, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellation);
        _tree.MakeDirectories([.. files.Select(file => Planned(file))]);
        for (var i = 0; i < files.Count; i++)
        {
            if (i % FilesPerFenceCheck == 0) await ensureFence(cancellation);
            var reason = _bytes > MostBytes ? "no room left" : await FetchInTimeAsync(files[i], time, both.Token);
            if (reason is null) present[files[i].Relative] = new FileInfo(_tree.PathOf(Planned(files[i]))).Length;
            else warnings.Count("Media that could not be had are missing", $"{files[i].Relative} ({reason})");
            progress.Advance(1, "Copying media", i + 1, files.Count);
        }

        return present;
    }

    /// <summary>A file that drips is left out like one whose turn does not come.</summary>
    private async Task<string?> FetchInTimeAsync(MediaFile file, CancellationTokenSource time, CancellationToken cancellation)
    {
        if (time.IsCancellationRequested) return NoTime;
        try
        {
            return await FetchAsync(file, cancellation);
        }
        catch (OperationCanceledException) when (time.IsCancellationRequested)
        {
            return NoTime;
        }
    }

    /// <summary>Why the file is left out; null if it is in its place.</summary>
    private async Task<string?> FetchAsync(MediaFile file, CancellationToken cancellation)
    {
        var place = new FileInfo(_tree.PathOf(Planned(file)));
        if (place.Exists)
        {
            _bytes += place.Length;
            return null;
        }

        if (_silent.Contains(file.Url.Authority)) return "its host does not answer";
        try
        {
            return await http.AskAsync(file.Url, (answer, _, came, stop) => SaveAsync(file, answer, came, stop), cancellation);
        }
        catch (StepFaultException fault) when (PublicFaults.IsOfOnePart(fault) || fault.Fault.Code == SourceFaults.AddressRefused("").Fault.Code)
        {
            return fault.Fault.Message;
        }
        catch (StepFaultException fault) when (fault.Fault.Retryable && file.Url.Host != site.Host)
        {
            // Another host than the site's own, such as a network of caches, is not worth the whole clone, nor asking it again for every file.
            _silent.Add(file.Url.Authority);
            return fault.Fault.Message;
        }
    }

    private async Task<string?> SaveAsync(MediaFile file, HttpResponseMessage answer, Action<int> came, CancellationToken cancellation)
    {
        if (answer.StatusCode != HttpStatusCode.OK) return string.Create(CultureInfo.InvariantCulture, $"answers {(int)answer.StatusCode}");
        var type = answer.Content.Headers.ContentType?.MediaType ?? "";
        if (!Fits(type, file.MimeType)) return $"answers {type} instead of {file.MimeType}";
        if (answer.Content.Headers.ContentLength > LargestFile) return "larger than 512 MB";

        var part = _tree.PartOf(Planned(file));
        try
        {
            var length = await CopyAsync(answer, part, came, cancellation);
            if (length is null) return "larger than 512 MB";
            _bytes += length.Value;
            var modified = answer.Content.Headers.LastModified ?? clock.GetUtcNow();
            _tree.Settle(Planned(file, length.Value, modified.ToUnixTimeSeconds()), part);
            return null;
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static async Task<long?> CopyAsync(HttpResponseMessage answer, string part, Action<int> came, CancellationToken cancellation)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
        await using var stream = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var buffer = new byte[128 << 10];
        var length = 0L;
        for (int read; (read = await body.ReadAsync(buffer, cancellation)) > 0; length += read)
        {
            came(read);
            if (length + read > LargestFile) return null;
            await stream.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }

        return answer.Content.Headers.ContentLength is { } promised && promised != length
            ? throw new IOException($"{length} bytes came instead of {promised}.") : length;
    }

    /// <summary>A page where a picture is due comes from a wall, a log-in or a server that answers everything.</summary>
    private static bool Fits(string answered, string expected)
    {
        if (answered is "" or "application/octet-stream" or "binary/octet-stream") return true;
        if (answered.Contains("html", StringComparison.OrdinalIgnoreCase) || answered.Contains("php", StringComparison.OrdinalIgnoreCase)) return false;
        var kind = expected.Split('/')[0];
        return kind is not ("image" or "audio" or "video") || answered.StartsWith(kind + "/", StringComparison.OrdinalIgnoreCase);
    }
}
