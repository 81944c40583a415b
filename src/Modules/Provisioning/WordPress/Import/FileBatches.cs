namespace CloneHub.Provisioning.WordPress.Import;

/// <summary>Files that travel together: enough that calls are few, and no more than may be lost with one.</summary>
internal static class FileBatches
{
    /// <summary>Keeps the order, but for the two trees of a site, which cannot be asked for in one call.</summary>
    internal static IEnumerable<PlannedFile[]> Of(IEnumerable<PlannedFile> files, int mostFiles, long mostBytes)
    {
        foreach (var root in files.GroupBy(entry => entry.Root))
        {
            var batch = new List<PlannedFile>();
            var bytes = 0L;
            foreach (var entry in root)
            {
                if (batch.Count > 0 && (batch.Count == mostFiles || bytes + entry.Source.Size > mostBytes))
                {
                    yield return [.. batch];
                    batch.Clear();
                    bytes = 0;
                }

                batch.Add(entry);
                bytes += entry.Source.Size;
            }

            yield return [.. batch];
        }
    }
}
