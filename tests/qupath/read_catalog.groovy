// What QuPath's own extension manager reads from a catalog: address, then where to write it.
import com.google.gson.Gson

def address = new URI(args[0])
def loader = this.class.classLoader
def named = { String... names ->
    names.findResult { try { loader.loadClass(it) } catch (ClassNotFoundException ignored) { null } }
}
// 0.6 has CatalogFetcher, 0.7 CatalogModelFetcher.
def core = 'qupath.ext.extensionmanager.core.'
def catalog = named(core + 'catalog.CatalogFetcher', core + 'model.CatalogModelFetcher').getCatalog(address).get()
def version = named(core + 'Version')
def fits = { range, String number ->    // 0.6 asks with a text, 0.7 with a version
    def takesText = range.respondsTo('isCompatible', String)
    range.isCompatible(takesText ? number : version.newInstance(number))
}
def release = { r ->
    [name: r.name(), url: r.mainUrl().toString(),
     fits: ['v0.5.1', 'v0.6.0', 'v0.7.0', 'v0.9.0'].findAll { fits(r.versionRange(), it) }]
}
def found = catalog.extensions().collect { [name: it.name(), releases: it.releases().collect(release)] }
new File(args[1]).setText(new Gson().toJson(found), 'UTF-8')
