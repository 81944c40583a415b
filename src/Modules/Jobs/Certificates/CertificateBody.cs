using System.ComponentModel;
using CloneHub.Contracts;

namespace CloneHub.Jobs.Certificates;

/// <summary>A certificate and the proof that it is CloneHub's.</summary>
internal sealed record SignedCertificateBody(
    CertificateBody Certificate,
    [property: Description("A JSON Web Signature (RFC 7515, compact, ES256) whose payload is the certificate. Verify it with a key of /api/v2/certificate-keys, or by './clonehub.sh verify'.")]
    string Jws);

/// <summary>What was compared between a source and its clone when the copy was complete. docs/fidelity.md says how each sum is made.</summary>
internal sealed record CertificateBody
{
    public const int CurrentVersion = 1;

    [Description("Of this form: 1.")]
    public required int Version { get; init; }

    public required string JobId { get; init; }

    public required Uri SourceUrl { get; init; }

    public required Uri CloneUrl { get; init; }

    [Description("When tables and files had been copied and compared.")]
    public required DateTimeOffset ComparedAt { get; init; }

    [Description("snapshot: all rows are of one moment, by one transaction. compared: they were read in several, and the source was found to have all of them still, by sums over ranges of keys, after the last one had come; columns without a sum have no part in it. several: they were read in several, and some may not fit together; warnings tell of which tables, or why nobody knows.")]
    public required string Consistency { get; init; }

    public required VersionsBody Source { get; init; }

    public required IReadOnlyList<TableBody> Tables { get; init; }

    public required FilesBody Files { get; init; }

    [Description("Media that came after the comparison; missing where all files were there. They have no part in files.")]
    public CertifiedMediaBody? Media { get; init; }

    [Description("What was left out, replaced, switched off, or changed meanwhile.")]
    public required IReadOnlyList<string> Warnings { get; init; }

    [Description("What both sites answered when they were crawled, within a minute of 'completed'. Missing until then, and where it came to nothing.")]
    public CrawlBody? Crawl { get; init; }

    public static CertificateBody? From(JobId job, IReadOnlyList<IJobEvent> history)
    {
        var request = history.OfType<CloneRequested>().FirstOrDefault();
        var ready = history.OfType<IngressReady>().FirstOrDefault();
        if (request is null || ready is null || history.OfType<ContentImported>().LastOrDefault() is not { Proof: { } proof } imported) return null;
        var media = history.OfType<MediaFetched>().LastOrDefault();
        return new CertificateBody
        {
            Version = CurrentVersion,
            JobId = job.Value,
            SourceUrl = request.SourceUrl,
            CloneUrl = ready.CloneUrl,
            ComparedAt = imported.At,
            Consistency = proof.IsSnapshot ? "snapshot" : proof.IsCompared ? "compared" : "several",
            Source = new VersionsBody(proof.Source.WordPress, proof.Source.Php, proof.Source.Database),
            Tables = [.. proof.Tables.Select(TableBody.From)],
            Files = FilesBody.From(proof.Files),
            Media = imported.Awaited is { } awaited ? CertifiedMediaBody.From(awaited, media) : null,
            Warnings = [.. imported.Warnings, .. ready.Warnings, .. media is null ? [] : CloneJob.NotesOf(media)],
            Crawl = history.OfType<Crawled>().LastOrDefault() is { Facts: { } facts } ? CrawlBody.From(facts) : null,
        };
    }
}

/// <summary>What a clone and its source answered to a crawl.</summary>
internal sealed record CrawlBody(
    [property: Description("Pages that answered alike: status, redirects, title.")] int Pages,
    [property: Description("Links of menus that did.")] int MenuLinks,
    [property: Description("Media files that are the source's, byte by byte.")] int Media,
    [property: Description("Pictures, styles and scripts that those pages need and the clone has.")] int Assets,
    [property: Description("What is not as at the source.")] IReadOnlyList<string> Differences,
    [property: Description("What could not be compared, because the source did not answer or time was short.")] IReadOnlyList<string> NotCompared)
{
    public static CrawlBody From(CrawlFacts facts) => new(facts.Pages, facts.Links, facts.Media, facts.Assets, facts.Differences, facts.NotCompared);
}

/// <summary>What ran on the source.</summary>
internal sealed record VersionsBody(string Wordpress, string Php, string Database);

/// <summary>One table.</summary>
internal sealed record TableBody(
    string Name,
    long Rows,
    int Columns,
    [property: Description("How many of the columns have a part in the sums: all but those of floating point, bits and geometry.")] int ComparedColumns,
    [property: Description("Values in which addresses of the source became the clone's. Where it is 0 both sums are the same.")] long RewrittenValues,
    [property: Description("SHA-256 over the sums of the columns as the source sent them, lower-case hex.")] string SourceSum,
    [property: Description("The same of the table as it was read back from the clone.")] string CloneSum)
{
    public static TableBody From(TableProof table) => new(table.Name, table.Rows, table.Columns, table.Compared, table.Rewritten, table.SourceSum, table.CloneSum);
}

/// <summary>All files of the clone that came from the source.</summary>
internal sealed record FilesBody(
    long Files,
    long Bytes,
    [property: Description("Generated style sheets and JSON in which addresses became the clone's. Where it is 0 both sums are the same.")] long RewrittenFiles,
    [property: Description("SHA-256 over a list as md5sum prints it, as the source has the files; lower-case hex.")] string SourceSum,
    [property: Description("The same of the files as they were read back from the clone.")] string CloneSum)
{
    public static FilesBody From(FilesProof files) => new(files.Files, files.Bytes, files.Rewritten, files.SourceSum, files.CloneSum);
}
