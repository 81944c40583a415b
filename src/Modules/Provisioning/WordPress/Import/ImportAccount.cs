using System.Security.Cryptography;
using System.Text;

namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>What an import that is cut off leaves for the next attempt, beside the rows' <see cref="ImportCursors"/>: the source's listings, the files that were read back, and what is there of large ones.</summary>
internal sealed class ImportAccount
{
    /// <summary>Goes up when what is kept, or how values are rewritten, changes.</summary>
    private const string Format = "2";

    private readonly DirectoryInfo _folder;
    private readonly TimeProvider _clock;

    private ImportAccount(DirectoryInfo folder, string identity, TimeProvider clock) => (_folder, Identity, _clock) = (folder, identity, clock);

    /// <summary>Of what a clone is made, but for what the source holds. Another one's account is none.</summary>
    internal string Identity { get; }

    internal static ImportAccount Of(SourceFacts facts, CloneTarget target, TimeProvider clock)
    {
        var identity = string.Join(
            '\n', Format, CustomMigratorPackage.Version, facts.Addresses, facts.AbsolutePath, facts.ContentDirectory, facts.PluginsDirectory, facts.MustUsePluginsDirectory,
            facts.UploadsDirectory, target.PublicAddress, target.Root.FullName);
        target.Account.Create();
        return new ImportAccount(target.Account, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity))), clock);
    }

    internal Task<SavedListing> OpenListingAsync(FileRoot root, CancellationToken cancellation) => SavedListing.OpenAsync(Listing(root).FullName, Identity, _clock, cancellation);

    internal CheckedFiles OpenFiles() => CheckedFiles.Open(Files.FullName, Identity);

    /// <summary>The source is asked for all of it again.</summary>
    internal void ForgetListings()
    {
        Listing(FileRoot.Core).Delete();
        Listing(FileRoot.Content).Delete();
    }

    internal void Delete()
    {
        ForgetListings();
        Files.Delete();
        foreach (var part in _folder.EnumerateFiles(FileParts.Kept)) part.Delete();
    }

    private FileInfo Files => new(Path.Combine(_folder.FullName, "files-checked.tsv"));

    private FileInfo Listing(FileRoot root) => new(Path.Combine(_folder.FullName, root == FileRoot.Core ? "listing-core.jsonl" : "listing-content.jsonl"));
}
