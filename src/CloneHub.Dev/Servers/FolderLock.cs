namespace CloneHub.Dev.Servers;

/// <summary>Keeps other processes from filling the same folder at the same time; freed by the kernel if the holder dies.</summary>
internal static class FolderLock
{
    public static async Task<IDisposable> AcquireAsync(DirectoryInfo folder, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return new FileStream($"{folder.FullName.TrimEnd('/')}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (!ct.IsCancellationRequested)
            {
                // Another process holds it: look again shortly.
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, ct);
            }
        }
    }
}
